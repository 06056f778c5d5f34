// The yardstick of the bench: adds FDB or neighbour entries to a device as fast as plain C can.
//
//   batch fdb|neigh DEVICE COUNT BATCH
//
// BATCH requests go into one sendmsg, and only the last of them asks for an ACK. Entry number n has the MAC 02:57:00:<n>,
// an FDB entry leads to the VTEP 192.0.2.<2 + n % 100>, a neighbour entry is that of 10.0.0.0 + 16 + n.
// Prints "MICROSECONDS USER_MICROSECONDS KERNEL_MICROSECONDS REFUSED"; every refusal is counted, with or without ACK
// (netlink(7)).
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct request {
  struct nlmsghdr header;
  struct ndmsg entry;
  struct { struct rtattr head; uint32_t ip; } dst;
  struct { struct rtattr head; uint8_t mac[6], padding[2]; } lladdr;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double micros(struct timeval t) {
  return t.tv_sec * 1e6 + t.tv_usec;
}

static void fill(struct request *r, int is_fdb, int device, uint32_t n) {
  memset(r, 0, sizeof *r);
  r->header.nlmsg_len = sizeof *r;
  r->header.nlmsg_type = RTM_NEWNEIGH;
  r->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
  r->header.nlmsg_seq = n + 1;
  r->entry.ndm_family = is_fdb ? AF_BRIDGE : AF_INET;
  r->entry.ndm_ifindex = device;
  r->entry.ndm_state = NUD_PERMANENT;
  r->entry.ndm_flags = is_fdb ? NTF_SELF : 0;
  r->dst.head.rta_type = NDA_DST;
  r->dst.head.rta_len = RTA_LENGTH(4);
  r->dst.ip = is_fdb ? htonl(0xc0000202 + n % 100) : htonl(0x0a000010 + n);
  r->lladdr.head.rta_type = NDA_LLADDR;
  r->lladdr.head.rta_len = RTA_LENGTH(6);
  uint8_t mac[6] = {0x02, 0x57, 0, n >> 16, n >> 8, n};
  memcpy(r->lladdr.mac, mac, 6);
}

// Reads answers up to the ACK of request `last`; returns how many were refused.
static long answers(int fd, uint32_t last) {
  static char buffer[1 << 16];
  long refused = 0;
  for (;;) {
    long size = recv(fd, buffer, sizeof buffer, 0);
    if (size < 0) fail("recv");
    for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, size); h = NLMSG_NEXT(h, size)) {
      if (h->nlmsg_type != NLMSG_ERROR) continue;
      if (((struct nlmsgerr *)NLMSG_DATA(h))->error != 0) refused++;
      if (h->nlmsg_seq == last) return refused;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: batch fdb|neigh DEVICE COUNT BATCH\n");
    return 2;
  }
  int is_fdb = strcmp(argv[1], "fdb") == 0;
  int device = if_nametoindex(argv[2]);
  if (device == 0) fail(argv[2]);
  uint32_t count = atol(argv[3]), batch = atol(argv[4]);
  struct request *requests = calloc(batch, sizeof *requests);
  if (requests == NULL) fail("calloc");
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) fail("socket");

  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  double start = wall();
  long refused = 0;
  for (uint32_t n = 0; n < count;) {
    uint32_t size = count - n < batch ? count - n : batch;
    for (uint32_t i = 0; i < size; i++) fill(&requests[i], is_fdb, device, n + i);
    requests[size - 1].header.nlmsg_flags |= NLM_F_ACK;
    if (send(fd, requests, size * sizeof *requests, 0) < 0) fail("send");
    n += size;
    refused += answers(fd, n);
  }
  double took = wall() - start;
  getrusage(RUSAGE_SELF, &after);
  printf("%.0f %.0f %.0f %ld\n", took, micros(after.ru_utime) - micros(before.ru_utime),
         micros(after.ru_stime) - micros(before.ru_stime), refused);
  return 0;
}
