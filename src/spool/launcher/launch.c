/*
 * runyard-launch: starts attempts in their spools, and outlives whoever asked for it.
 * The fork server reads spool folders from stdin, one absolute path a line. Each gets a launcher, a process of its own
 * session that begins the attempt at most once, waits for its command, ends what the command left behind, and writes
 * `exit`. What it tells on stdout (`started`, `ended`, `failed`) is only news: the folder's files are the truth.
 * The same protocol in POSIX sh: launch.sh. What both promise: test/conformance/launcher.test.ts.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_MS = 200, RETRY_MS = 1000, NEWS_PATIENCE_MS = 100, LAST_NEWS_PATIENCE_MS = 10000, TEXT = 512 };

/* Meant for the command's group, its terminal or its reader: none of them may end a launcher. */
static const int deaf_to[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, 0};

static char boot_id[64] = "-", host_name[256] = "-", *search_path, *stop_boundary;
static int nothing; /* an open /dev/null */

static long long clock_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* For tests of the moments between two effects: the launcher pauses there, to be continued or killed. */
static void stop_at(const char *boundary) {
  if (stop_boundary && !strcmp(stop_boundary, boundary)) raise(SIGSTOP);
}

/* One write a line, so that launchers do not mix theirs. A reader that is gone or asleep costs at most the patience. */
static void tell(int patience_ms, const char *format, ...) {
  char line[3 * TEXT];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  long long until = clock_ms(CLOCK_MONOTONIC) + patience_ms;
  while (write(STDOUT_FILENO, line, length) < 0 && (errno == EAGAIN || errno == EINTR)) {
    long long left = until - clock_ms(CLOCK_MONOTONIC);
    if (left <= 0 || poll(&(struct pollfd){STDOUT_FILENO, POLLOUT, 0}, 1, left) == 0) return;
  }
}

/* Reads the start of a small file as text; -1 when it cannot. */
static ssize_t read_text(const char *name, char *text, size_t size) {
  int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = read(file, text, size - 1);
  close(file);
  text[length < 0 ? 0 : length] = '\0';
  return length;
}

/* Makes a file of one line in one write. 0, or -1 with errno. */
static int write_line(const char *name, int how, const char *line) {
  ssize_t length = strlen(line);
  int file = open(name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | how, 0600);
  if (file < 0) return -1;
  errno = ENOSPC; /* what a short write means */
  int problem = write(file, line, length) == length ? 0 : errno;
  close(file);
  errno = problem;
  return problem ? -1 : 0;
}

/* Claims `name` for the calling process: its line is `<pid> <start time in clock ticks> <boot id> <host>`. */
static int sign(const char *name) {
  char stat[1024], line[TEXT];
  unsigned long long start_ticks = 0;
  if (read_text("/proc/self/stat", stat, sizeof stat) > 0) {
    char *field = strrchr(stat, ')'); /* the command name before it may hold spaces and brackets */
    for (int n = 2; field && n < 22; n++) field = strchr(field + 1, ' ');
    if (field) start_ticks = strtoull(field, NULL, 10);
  }
  snprintf(line, sizeof line, "%d %llu %s %s\n", getpid(), start_ticks, boot_id, host_name);
  return write_line(name, O_EXCL, line);
}

static int because(int error, const char *what, char *problem) {
  snprintf(problem, TEXT, "%s%s%s", what, error ? ": " : "", error ? strerror(error) : "");
  return -1;
}

/* Makes `folder` the working folder: it has to be ours, and a folder itself, not a link to one. */
static int enter(const char *folder, char *problem) {
  struct stat found;
  int spool = open(folder, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (spool < 0 || fstat(spool, &found) < 0) return because(errno, "cannot open the spool folder", problem);
  if (S_ISLNK(found.st_mode)) return because(0, "the spool folder is a link", problem);
  if (found.st_uid != geteuid()) return because(0, "the spool folder belongs to another user", problem);
  return fchdir(spool) < 0 ? because(errno, "cannot enter the spool folder", problem) : close(spool);
}

/* `out` and `err`, or the one file that `output` names, for both. */
static int open_streams(int *out, int *err, char *problem) {
  enum { APPEND = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC };
  char path[PATH_MAX + 1];
  int one_file = read_text("output", path, sizeof path) > 0;
  if (one_file) path[strcspn(path, "\n")] = '\0';
  *out = open(one_file ? path : "out", APPEND, 0600);
  *err = one_file ? *out : open("err", APPEND, 0600);
  return *out < 0 || *err < 0 ? because(errno, "cannot open the output", problem) : 0;
}

/* In the command's own process: signs `pid`, then becomes run.sh, or a shell that goes on after it with `command`. */
static _Noreturn void become_command(const char *attempt, int out, int err, char *problem) {
  static char shell[1 << 18];
  char mark[TEXT], *script[] = {"/bin/sh", "run.sh", NULL, NULL}, *environment[] = {mark, search_path, NULL};
  char *text = stpcpy(shell, ". ./run.sh; ");
  if (read_text("command", text, shell + sizeof shell - text) >= 0) script[1] = "-c", script[2] = shell;
  snprintf(mark, sizeof mark, "RUNYARD_ATTEMPT=%s", attempt);
  if (sign("pid") < 0) _exit(because(errno, "cannot write pid", problem));
  setsid(); /* a signal to the command's group does not reach the launcher */
  for (const int *number = deaf_to; *number; number++) signal(*number, SIG_DFL);
  dup2(out, STDOUT_FILENO), dup2(err, STDERR_FILENO);
  execve(script[0], script, environment);
  _exit(because(errno, "cannot execute /bin/sh", problem));
}

/* The command's process id, or -1 with a problem: after vfork the child has executed, or left one in our memory. */
static pid_t start_command(const char *attempt, char *problem) {
  int out, err;
  if (open_streams(&out, &err, problem) < 0) return -1;
  pid_t command = vfork();
  if (command == 0) become_command(attempt, out, err, problem);
  if (command < 0) return because(errno, "cannot fork", problem);
  if (!*problem) return command;
  waitpid(command, NULL, 0);
  return -1;
}

/* Says whether it reached it. Runyard's own processes, started from inside a run (a yard, an agent), leave its tree. */
static int signal_child(pid_t pid, int number) {
  static char name[64], environment[1 << 18]; /* its [0] ends the variable before the first */
  snprintf(name, sizeof name, "/proc/%d/environ", pid);
  ssize_t length = read_text(name, environment + 1, sizeof environment - 1);
  int runyards_own = length > 0 && memmem(environment, length + 2, "\0RUNYARD_OWN=1", sizeof "\0RUNYARD_OWN=1");
  return !runyards_own && kill(pid, number) == 0;
}

/* Signals every child, found in the kernel's list or else by a look at all processes; says how many it reached. */
static int signal_children(int number) {
  static char text[1 << 16];
  int reached = 0;
  snprintf(text, sizeof text, "/proc/self/task/%d/children", getpid());
  if (read_text(text, text, sizeof text) > 0)
    for (char *at = text, *next; (next = strchr(at, ' ')); at = next + 1) reached += signal_child(atoi(at), number);
  DIR *processes = reached ? NULL : opendir("/proc");
  for (struct dirent *entry; processes && (entry = readdir(processes));) {
    snprintf(text, sizeof text, "/proc/%d/stat", atoi(entry->d_name));
    char *end = read_text(text, text, sizeof text) > 0 ? strrchr(text, ')') : NULL; /* `) S <parent's pid> ...` */
    if (end && strlen(end) > 4 && atoi(end + 4) == getpid()) reached += signal_child(atoi(entry->d_name), number);
  }
  if (processes) closedir(processes);
  return reached;
}

/*
 * Ends what the command left behind: SIGTERM, a grace, SIGKILL. As a subreaper the launcher is the parent of every
 * orphan of the run, `setsid` or not, and of the orphans' children as soon as they are orphans too: it only has to look
 * at its children, until there are none. What it may not signal (a set-uid program) it does not wait for.
 */
static void end_leftovers(void) {
  if (waitpid(-1, NULL, WNOHANG) < 0) return; /* no child at all: the usual case */
  char grace[TEXT]; /* left by who stops the run: all of it has been told to end, and has as many ms */
  int stopped = read_text("grace", grace, sizeof grace) > 0, fresh = !stopped;
  long long until = clock_ms(CLOCK_MONOTONIC) + (stopped ? atoll(grace) : GRACE_MS);
  sigset_t child_ended = {0};
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, NULL);
  for (pid_t ended;;) {
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) fresh = !stopped; /* its children, if any, are ours now */
    if (ended < 0) return;
    long long left = until - clock_ms(CLOCK_MONOTONIC);
    if (left <= 0 ? signal_children(SIGKILL) == 0 : fresh && signal_children(SIGTERM) == 0) return;
    fresh = 0;
    sigtimedwait(&child_ended, NULL, &(struct timespec){0, (left > 0 ? left : GRACE_MS) * 1000000});
  }
}

/* `exit` comes last. A full disk is waited for, since only this process knows the code; a removed folder is not. */
static void write_exit(const char *line) {
  while (write_line("exit", O_TRUNC, line) < 0 && errno != ENOENT && errno != ESTALE) poll(NULL, 0, RETRY_MS);
}

/* The launcher: the way of one attempt, from its folder to its exit line. */
static void launch(const char *folder, const char *attempt) {
  char problem[TEXT] = "", what[TEXT + 32], line[2 * TEXT];
  setsid();
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDERR_FILENO);
  signal(SIGCHLD, SIG_DFL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  int entered = enter(folder, problem) == 0;
  stop_at("before-begun");
  if (entered && sign("begun") < 0) {
    if (errno == EEXIST) return; /* begun by another, or stopped */
    because(errno, "cannot write begun", problem);
  }
  if (*problem) return tell(LAST_NEWS_PATIENCE_MS, "failed %s %s\n", attempt, problem);

  stop_at("begun-exec");
  long long started_at = clock_ms(CLOCK_REALTIME);
  pid_t command = start_command(attempt, problem);
  stop_at("exec-pid");
  int code = 126;
  snprintf(what, sizeof what, "could not start: %s", problem);
  if (command > 0) {
    tell(NEWS_PATIENCE_MS, "started %s %d %lld\n", attempt, command, started_at);
    int status;
    while (waitpid(-1, &status, 0) != command) continue; /* orphans of the run end here too */
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    code = number ? 128 + number : WEXITSTATUS(status);
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used); /* ru_maxrss: what the largest process held at its peak, in KiB */
    snprintf(what, sizeof what, number ? "%ld signal %d" : "%ld exit", used.ru_maxrss, number);
  }
  long long ended_at = clock_ms(CLOCK_REALTIME);
  if (ended_at < started_at) ended_at = started_at; /* the clock was set back */
  end_leftovers();
  stop_at("end-exit");
  snprintf(line, sizeof line, "%d %lld %lld %s\n", code, started_at, ended_at, what);
  write_exit(line);
  stop_at("exit-notify");
  tell(LAST_NEWS_PATIENCE_MS, "ended %s %s", attempt, line);
}

/* The attempt's id is the name of its folder's parent; empty where the line is not the path of a spool folder. */
static void name_attempt(char *folder, char *attempt, size_t size) {
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') folder[--length] = '\0'; /* `link/` would follow the link */
  char *rank = strrchr(folder, '/'), *parent = rank ? memrchr(folder, '/', rank - folder) : NULL;
  snprintf(attempt, size, "%.*s", *folder == '/' && parent ? (int)(rank - parent - 1) : 0, parent ? parent + 1 : "");
  size_t valid = strspn(attempt, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
  if (attempt[valid] || !strcmp(attempt, ".") || !strcmp(attempt, "..")) *attempt = '\0';
}

static void serve(char *folder) {
  char attempt[NAME_MAX + 1];
  name_attempt(folder, attempt, sizeof attempt);
  if (!*attempt) return tell(NEWS_PATIENCE_MS, "failed - not the path of a spool folder\n");
  pid_t launcher = fork();
  if (launcher < 0) return tell(NEWS_PATIENCE_MS, "failed %s cannot fork: %s\n", attempt, strerror(errno));
  if (launcher > 0) return;
  launch(folder, attempt);
  _exit(0);
}

/* What every launcher inherits instead of asking for it again. */
static void prepare(void) {
  umask(077);
  syscall(SYS_close_range, 3, ~0U, 0); /* what others left open is not for commands */
  nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  for (const int *number = deaf_to; *number; number++) signal(*number, SIG_IGN);
  signal(SIGCHLD, SIG_IGN); /* launchers that are done leave no zombie */
  sigprocmask(SIG_SETMASK, &(sigset_t){0}, NULL);
  fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK); /* the reader's end has flags of its own */
  if (asprintf(&search_path, "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/local/bin:/usr/bin:/bin") < 0) abort();
  stop_boundary = getenv("RUNYARD_STOP_AT");
  gethostname(host_name, sizeof host_name - 1);
  if (read_text("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id) > 0) boot_id[strcspn(boot_id, "\n")] = '\0';
}

int main(void) {
  static char lines[1 << 16];
  size_t held = 0;
  prepare();
  if (prctl(PR_SET_CHILD_SUBREAPER, 0) < 0) return 1; /* not supported (qemu-user): launch.sh takes over */
  for (;;) {
    ssize_t more = read(STDIN_FILENO, lines + held, sizeof lines - held);
    if (more < 0 && errno == EAGAIN && poll(&(struct pollfd){STDIN_FILENO, POLLIN, 0}, 1, -1) >= 0) continue;
    if (more <= 0) return 0; /* an unfinished line was never sent */
    held += more;
    char *line = lines;
    for (char *end; (end = memchr(line, '\n', held)); line = end + 1) {
      *end = '\0';
      held -= end + 1 - line;
      serve(line);
    }
    memmove(lines, line, held);
    if (held == sizeof lines) held = 0; /* no path is as long as this: the rest of it will not be one either */
  }
}
