/**
 * What may be given to `ssh` as a host and as a user: at most what OpenSSH itself accepts (`valid_hostname`, `valid_ruser` in ssh.c
 * since 9.6), so nothing that is read as an option, or that a shell in a ProxyCommand would read as more than a word. Of a
 * host also nothing that ssh takes apart, as in `user@host` and `ssh://host`.
 */
export function isLoginHost(text: string): boolean {
  return /^(?!-)[^\s\p{Cc}\p{Cf}'"`$\\;&<>|(){}@/]{1,255}$/u.test(text);
}

export function isLoginUser(text: string): boolean {
  return /^(?!-)[^\s\p{Cc}\p{Cf}'"`$;&<>|(){}]{1,255}(?<!\\)$/u.test(text);
}
