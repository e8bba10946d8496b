import { Transform } from "node:stream";

/**
 * A POSIX sh script on a machine whose user may have any login shell: csh and fish read quotes, backslashes, `!` and line
 * breaks in ways of their own. So the login shell sees nothing but a constant line, the same in all of them, which becomes
 * /bin/sh; the script follows on stdin, where `ps` does not show it either.
 */
export interface PosixCommand {
  /** For the login shell. */
  command: string;
  /** What comes first on stdin; whatever follows is the script's own stdin. */
  prelude: Buffer;
}

/**
 * @param nonce  letters and digits; stands before the script's output on both streams, so that what .bashrc has said can be told
 *   apart
 */
export function posix(script: string, nonce: string): PosixCommand {
  // What .bashrc may have read of the script is missed: a script that is not whole is not run.
  const prelude = Buffer.from(`#${nonce}\n${script}\n#${nonce}`);
  // dd, since sh itself reads ahead; byte by byte where it does not know fullblock. The script finds no arguments and no
  // variable of ours.
  const { length } = prelude;
  const dd = `dd bs=${length} count=1 iflag=fullblock 2>/dev/null || dd bs=1 count=${length} 2>/dev/null`;
  const read = `set -- "$(${dd})"`;
  const run = `echo "${nonce} $$"; echo "${nonce} $$" >&2; eval "set --; $1"`;
  const whole = `case $1 in "#${nonce}"*"#${nonce}") ${run};; *) echo "${nonce} torn";; esac`;
  return { command: `exec /bin/sh -c '${read}; ${whole}'`, prelude };
}

/** Of what comes before the marker this much is kept, to tell what a shell said that never came so far. */
const NOISE_BYTES = 64 * 1024;

export interface MarkedStream {
  /** The script's own output. */
  output: Transform;
  /** What was said before it, while that is all there is. */
  noise(): string;
}

/**
 * Lets through what comes after the marker. `onMarker` hears once, with the process id of the sh, which leads its session;
 * null: the script did not arrive whole and was not run. `onTooNoisy` hears once where no marker comes.
 */
export function afterMarker(
  nonce: string,
  onMarker: (pid: number | null) => void,
  onTooNoisy: () => void,
): MarkedStream {
  let waiting: Buffer | null = Buffer.alloc(0);
  // Not what a shell that shows its commands (set -x) says of our line.
  const marker = new RegExp(`${nonce} (\\d+|torn)\n`);
  const output = new Transform({
    transform(chunk: Buffer, _, done) {
      if (waiting === null) return done(null, chunk);
      waiting = Buffer.concat([waiting, chunk]);
      const found = marker.exec(waiting.toString("latin1"));
      if (found === null) {
        if (waiting.length > NOISE_BYTES) {
          waiting = waiting.subarray(-NOISE_BYTES);
          onTooNoisy();
        }
        return done();
      }
      const rest = waiting.subarray(found.index + found[0].length);
      waiting = null;
      onMarker(found[1] === "torn" ? null : Number(found[1]));
      done(null, rest.length > 0 ? rest : undefined);
    },
  });
  return { output, noise: () => waiting?.toString("utf8") ?? "" };
}
