// What a terminal itself can do, without anything between: the raw limits that Cleat is measured against, and the
// programs that the measured sessions run.
//
//   term read COMMAND…          runs it on a terminal, sends a newline when it has printed READY, and reads to the end
//   term ping COUNT COMMAND…    runs it on a terminal, and sends COUNT single bytes, each when the one before is back
//   term echo                   prints READY and echoes every byte, on a raw terminal, until it gets a 4
//   term trickle MILLIS BYTES   writes that many bytes, again and again, so often
//
// The first two print one line: nanoseconds and bytes; and the nanoseconds of each round trip.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 16];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int start(char **command, pid_t *child) {
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  int master;
  *child = forkpty(&master, NULL, NULL, &size);
  if (*child < 0) fail("forkpty");
  if (*child == 0) {
    setenv("TERM", "xterm-256color", 1);
    execvp(command[0], command);
    fail(command[0]);
  }
  return master;
}

// Nothing that hangs may hold up a run for ever.
static ssize_t some(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  if (poll(&wait, 1, 120000) == 0) {
    fputs("no output for two minutes\n", stderr);
    exit(1);
  }
  return read(fd, buffer, sizeof buffer);
}

static void await_ready(int fd) {
  static char seen[1 << 16];
  size_t length = 0;
  while (!memmem(seen, length, "READY", 5)) {
    ssize_t count = some(fd);
    if (count <= 0) fail("it ended before it was ready");
    if (length + count > sizeof seen) length = 0;
    memcpy(seen + length, buffer, count);
    length += count;
  }
}

static void send_byte(int fd, char byte) {
  if (write(fd, &byte, 1) != 1) fail("write");
}

static void end(int fd, pid_t child) {
  while (some(fd) > 0) continue;
  close(fd);
  waitpid(child, NULL, 0);
}

static int read_all(char **command) {
  pid_t child;
  int fd = start(command, &child);
  await_ready(fd);
  long begin = now(), bytes = 0;
  send_byte(fd, '\n');
  for (ssize_t count; (count = read(fd, buffer, sizeof buffer)) > 0;) bytes += count;
  printf("%ld %ld\n", now() - begin, bytes);
  end(fd, child);
  return 0;
}

static int ping(long count, char **command) {
  // No escape sequence of a program in between has these.
  static const char bytes[] = "@~|`";
  pid_t child;
  int fd = start(command, &child);
  await_ready(fd);
  for (long i = 0; i < count; i++) {
    char byte = bytes[i % 4];
    long begin = now();
    send_byte(fd, byte);
    for (ssize_t got = 0; got <= 0 || !memchr(buffer, byte, got);)
      if ((got = some(fd)) <= 0) fail("it ended early");
    printf("%ld ", now() - begin);
  }
  puts("");
  send_byte(fd, 4);
  end(fd, child);
  return 0;
}

static int echo(void) {
  struct termios mode;
  if (tcgetattr(0, &mode)) fail("tcgetattr");
  cfmakeraw(&mode);
  if (tcsetattr(0, TCSANOW, &mode)) fail("tcsetattr");
  if (write(1, "READY", 5) != 5) fail("write");
  // A program in between may go on without anybody.
  alarm(600);
  for (ssize_t count; (count = read(0, buffer, sizeof buffer)) > 0 && buffer[count - 1] != 4;)
    if (write(1, buffer, count) != count) fail("write");
  return 0;
}

static int trickle(long millis, long bytes) {
  struct timespec pause = {millis / 1000, millis % 1000 * 1000000};
  memset(buffer, '.', sizeof buffer);
  buffer[bytes - 1] = '\n';
  while (write(1, buffer, bytes) == bytes) nanosleep(&pause, NULL);
  return 0;
}

int main(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  if (!strcmp(mode, "read") && count > 2) return read_all(arguments + 2);
  if (!strcmp(mode, "ping") && count > 3) return ping(atol(arguments[2]), arguments + 3);
  if (!strcmp(mode, "echo")) return echo();
  if (!strcmp(mode, "trickle") && count > 3) return trickle(atol(arguments[2]), atol(arguments[3]));
  fputs("usage: term read|ping|echo|trickle …\n", stderr);
  return 2;
}
