/*
 * Listeners that only count, for `counting-ears.ts`: each has a UDP socket of its own, an ICE agent that says as much as one must (RFC 8445), a DTLS
 * handshake by OpenSSL, and then reads the RTP header of what comes, which SRTP leaves readable, and of the payload the first eight bytes: one AES block.
 * Nothing is authenticated or decoded: a process that did would need the processor that the engine is measured on.
 *
 * One command a line on stdin, one answer a line on stdout:
 *
 *   open <id> <address> <ufrag> <password>                 -> opened <id> <port>
 *   connect <id> <address> <port> <ufrag> <password> <0|1> -> connected <id> <fingerprint>, or lost <id>; 1: we control
 *   close <id>
 *   count                                                  -> counted <packets> <lost> <closed> <bucket>:<packets> ..., delays in buckets of 0.1 ms
 *
 * The first line that it says is `fingerprint <AB:CD:...>`, of the certificate that all of them have.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/aes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  MAX_EARS = 20000,
  MAX_SOURCES = 4,
  BATCH = 32,
  DATAGRAM = 1500,
  BUCKETS = 20001, /* of 0.1 ms; the last one is for all above two seconds */
  CHECK_MS = 100,  /* between connectivity checks before there is an answer */
  CONSENT_MS = 2500, /* Chromium's */
  REPORT_MS = 5000,
  LINGER_MS = 3000, /* a handshake's last flight may be asked for again */
  PAUSE_US = 5000, /* packets are read in heaps; the kernel notes when each of them came */
  BUFFER = 1 << 20,
};

struct source {
  uint32_t ssrc;
  uint16_t newest;
  uint32_t rollover;
};

struct ear {
  int id, fd, sources, controls;
  char ufrag[260], password[260], far_ufrag[260], far_password[260];
  struct sockaddr_in far;
  SSL *ssl;
  const uint8_t *incoming;
  int incoming_length;
  int has_far, is_nominated, is_connected, is_closed, is_gcm;
  uint64_t next_check, connected_at;
  AES_KEY key;
  uint8_t salt[14];
  struct source source[MAX_SOURCES];
};

static struct ear *ears[MAX_EARS];
static SSL_CTX *context;
static BIO_METHOD *road;
static int poller;
static uint64_t tie_breaker;
static uint64_t packets, closed_ears;
static int64_t lost;
static uint32_t delays[BUCKETS];
static uint64_t real_offset; /* nanoseconds that the wall clock is ahead of the monotonic one */

static uint64_t now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
static uint64_t now_ms(void) { return now_ns(CLOCK_MONOTONIC) / 1000000u; }

/* ---- STUN (RFC 8489) ---- */

static uint32_t crc32_of(const uint8_t *bytes, int length) {
  uint32_t crc = 0xffffffff;
  for (int i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc;
}

static void put16(uint8_t *at, uint16_t value) { at[0] = value >> 8; at[1] = value & 0xff; }
static void put32(uint8_t *at, uint32_t value) { put16(at, value >> 16); put16(at + 2, value & 0xffff); }

static int attribute(uint8_t *message, int length, uint16_t type, const void *value, int bytes) {
  put16(message + length, type);
  put16(message + length + 2, bytes);
  memcpy(message + length + 4, value, bytes);
  int padded = (bytes + 3) & ~3;
  memset(message + length + 4 + bytes, 0, padded - bytes);
  return length + 4 + padded;
}

/* Adds what proves the password, and the checksum; returns the whole length. */
static int seal(uint8_t *message, int length, const char *password) {
  uint8_t mac[20];
  put16(message + 2, length - 20 + 24);
  HMAC(EVP_sha1(), password, strlen(password), message, length, mac, NULL);
  length = attribute(message, length, 0x0008, mac, 20);
  put16(message + 2, length - 20 + 8);
  uint8_t sum[4];
  put32(sum, crc32_of(message, length) ^ 0x5354554e);
  return attribute(message, length, 0x8028, sum, 4);
}

static void begin_message(uint8_t *message, uint16_t type) {
  put16(message, type);
  put32(message + 4, 0x2112a442);
}

static void send_check(struct ear *ear) {
  uint8_t message[700], value[8];
  char name[540];
  begin_message(message, 0x0001);
  RAND_bytes(message + 8, 12);
  int length = 20, bytes = snprintf(name, sizeof name, "%s:%s", ear->far_ufrag, ear->ufrag);
  length = attribute(message, length, 0x0006, name, bytes);
  put32(value, 1862270975); /* of a peer-reflexive candidate, RFC 8445 §5.1.2.1 */
  length = attribute(message, length, 0x0024, value, 4);
  memcpy(value, &tie_breaker, 8);
  length = attribute(message, length, ear->controls ? 0x802a : 0x8029, value, 8);
  if (ear->controls) length = attribute(message, length, 0x0025, value, 0);
  length = seal(message, length, ear->far_password);
  sendto(ear->fd, message, length, 0, (struct sockaddr *)&ear->far, sizeof ear->far);
}

static void answer_check(struct ear *ear, const uint8_t *request, const struct sockaddr_in *from) {
  uint8_t message[200], address[8] = {0, 1};
  begin_message(message, 0x0101);
  memcpy(message + 8, request + 8, 12);
  put16(address + 2, ntohs(from->sin_port) ^ 0x2112);
  put32(address + 4, ntohl(from->sin_addr.s_addr) ^ 0x2112a442);
  int length = seal(message, attribute(message, 20, 0x0020, address, 8), ear->password);
  sendto(ear->fd, message, length, 0, (const struct sockaddr *)from, sizeof *from);
}

/* ---- DTLS ---- */

static int road_write(BIO *bio, const char *bytes, int length) {
  struct ear *ear = BIO_get_data(bio);
  sendto(ear->fd, bytes, length, 0, (struct sockaddr *)&ear->far, sizeof ear->far);
  return length;
}

static int road_read(BIO *bio, char *bytes, int length) {
  struct ear *ear = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (ear->incoming == NULL) {
    BIO_set_retry_read(bio);
    return -1;
  }
  int count = ear->incoming_length < length ? ear->incoming_length : length;
  memcpy(bytes, ear->incoming, count);
  ear->incoming = NULL;
  return count;
}

static long road_control(BIO *bio, int command, long value, void *pointer) {
  (void)bio, (void)value, (void)pointer;
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return 1200;
    default: return 0;
  }
}

/* RFC 3711 §4.3.3, with the key of AES-128 and a salt of 12 (GCM, RFC 7714 §11) or 14 bytes. */
static void derive(const uint8_t *master, const uint8_t *salt, int salt_bytes, uint8_t label, uint8_t out[16]) {
  AES_KEY key;
  uint8_t block[16] = {0};
  memcpy(block, salt, salt_bytes);
  block[7] ^= label;
  AES_set_encrypt_key(master, 128, &key);
  AES_encrypt(block, out, &key);
}

static void take_keys(struct ear *ear) {
  uint8_t material[2 * (16 + 14)], out[16];
  ear->is_gcm = strcmp(SSL_get_selected_srtp_profile(ear->ssl)->name, "SRTP_AEAD_AES_128_GCM") == 0;
  int salt_bytes = ear->is_gcm ? 12 : 14;
  SSL_export_keying_material(ear->ssl, material, 2 * (16 + salt_bytes), "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0);
  /* The other side is the DTLS client: its key and its salt are the first of each pair. */
  derive(material, material + 32, salt_bytes, 0, out);
  AES_set_encrypt_key(out, 128, &ear->key);
  derive(material, material + 32, salt_bytes, 2, out);
  memcpy(ear->salt, out, salt_bytes);
}

static void say_connected(struct ear *ear) {
  uint8_t digest[32];
  unsigned length;
  X509 *certificate = SSL_get1_peer_certificate(ear->ssl);
  printf("connected %d ", ear->id);
  if (certificate != NULL && X509_digest(certificate, EVP_sha256(), digest, &length))
    for (unsigned i = 0; i < length; i++) printf("%s%02X", i ? ":" : "", digest[i]);
  puts("");
  X509_free(certificate);
}

static void gone(struct ear *ear) {
  if (ear->is_closed) return;
  ear->is_closed = 1;
  closed_ears++;
  printf("lost %d\n", ear->id);
}

static void handshake(struct ear *ear) {
  int result = SSL_do_handshake(ear->ssl);
  if (result == 1 && !ear->is_connected) {
    if (SSL_get_selected_srtp_profile(ear->ssl) == NULL) return gone(ear);
    take_keys(ear);
    ear->is_connected = 1;
    ear->connected_at = now_ms();
    say_connected(ear);
  } else if (result != 1 && SSL_get_error(ear->ssl, result) != SSL_ERROR_WANT_READ) {
    gone(ear);
  }
}

static void take_dtls(struct ear *ear, const uint8_t *bytes, int length, const struct sockaddr_in *from) {
  /* An alert after the handshake: the connection was closed. */
  if (ear->is_connected && bytes[0] == 21) return gone(ear);
  if (ear->is_connected && now_ms() - ear->connected_at > LINGER_MS) return;
  if (ear->ssl == NULL) {
    ear->ssl = SSL_new(context);
    BIO *bio = BIO_new(road);
    BIO_set_data(bio, ear);
    BIO_set_init(bio, 1);
    SSL_set_bio(ear->ssl, bio, bio);
    SSL_set_accept_state(ear->ssl);
    SSL_set_mtu(ear->ssl, 1200);
  }
  if (!ear->has_far) ear->far = *from;
  ear->incoming = bytes;
  ear->incoming_length = length;
  handshake(ear);
  ear->incoming = NULL;
}

static int any_certificate(int verdict, X509_STORE_CTX *store) {
  (void)verdict, (void)store;
  return 1; /* Whoever asked compares its fingerprint. */
}

static void make_certificate(void) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 86400);
  X509_set_pubkey(certificate, key);
  X509_NAME *name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"ears", -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());

  context = SSL_CTX_new(DTLS_server_method());
  SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, any_certificate);
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
  SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
  road = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "road");
  BIO_meth_set_write(road, road_write);
  BIO_meth_set_read(road, road_read);
  BIO_meth_set_ctrl(road, road_control);

  uint8_t digest[32];
  unsigned length;
  X509_digest(certificate, EVP_sha256(), digest, &length);
  printf("fingerprint ");
  for (unsigned i = 0; i < length; i++) printf("%s%02X", i ? ":" : "", digest[i]);
  puts("");
}

/* ---- RTP ---- */

static struct source *source_of(struct ear *ear, uint32_t ssrc, uint16_t sequence) {
  for (int i = 0; i < ear->sources; i++)
    if (ear->source[i].ssrc == ssrc) return &ear->source[i];
  if (ear->sources == MAX_SOURCES) return NULL;
  struct source *fresh = &ear->source[ear->sources++];
  *fresh = (struct source){.ssrc = ssrc, .newest = sequence - 1};
  return fresh;
}

/* The first 8 bytes of the payload: a double, milliseconds of the monotonic clock when it was sent. */
static double stamp_of(struct ear *ear, const uint8_t *payload, uint32_t ssrc, uint32_t rollover, uint16_t sequence) {
  uint8_t block[16] = {0}, stream[16], head[10];
  put32(head, ssrc);
  put32(head + 4, rollover);
  put16(head + 8, sequence);
  if (ear->is_gcm) {
    memcpy(block, ear->salt, 12);
    for (int i = 0; i < 10; i++) block[2 + i] ^= head[i];
    block[15] = 2; /* the first block after the one of the tag */
  } else {
    memcpy(block, ear->salt, 14);
    for (int i = 0; i < 10; i++) block[4 + i] ^= head[i];
  }
  AES_encrypt(block, stream, &ear->key);
  uint64_t bits = 0;
  for (int i = 0; i < 8; i++) bits = bits << 8 | (payload[i] ^ stream[i]);
  double stamp;
  memcpy(&stamp, &bits, 8);
  return stamp;
}

static void take_rtp(struct ear *ear, const uint8_t *bytes, int length, uint64_t came) {
  int type = bytes[1] & 0x7f;
  if (!ear->is_connected || length < 12 || (type >= 64 && type <= 95)) return;
  int head = 12 + 4 * (bytes[0] & 0x0f);
  if (bytes[0] & 0x10) {
    if (length < head + 4) return;
    head += 4 + 4 * (bytes[head + 2] << 8 | bytes[head + 3]);
  }
  if (length < head + 8) return;
  uint32_t ssrc = (uint32_t)bytes[8] << 24 | bytes[9] << 16 | bytes[10] << 8 | bytes[11];
  uint16_t sequence = bytes[2] << 8 | bytes[3];
  struct source *source = source_of(ear, ssrc, sequence);
  if (source == NULL) return;
  uint16_t ahead = sequence - source->newest;
  uint32_t rollover = source->rollover;
  packets++;
  if (ahead < 0x8000) {
    if (sequence < source->newest) rollover = ++source->rollover;
    source->newest = sequence;
    lost += ahead - 1;
  } else {
    if (sequence > source->newest) rollover--;
    lost--; /* It is late, and was counted. */
  }
  double delay = (double)(came - real_offset) / 1e6 - stamp_of(ear, bytes + head, ssrc, rollover, sequence);
  if (!(delay > 0)) delay = 0;
  int bucket = delay * 10 < BUCKETS - 1 ? (int)(delay * 10) : BUCKETS - 1;
  delays[bucket]++;
}

static void take_stun(struct ear *ear, const uint8_t *bytes, const struct sockaddr_in *from) {
  int type = bytes[0] << 8 | bytes[1];
  if (type == 0x0101) ear->is_nominated = 1;
  if (type != 0x0001) return;
  answer_check(ear, bytes, from);
  /* Of the addresses that a peer has, the one that it comes from will do. */
  if (!ear->controls && ear->has_far && !ear->is_nominated) {
    ear->far = *from;
    send_check(ear);
  }
}

static void read_all(struct ear *ear) {
  static uint8_t room[BATCH][DATAGRAM], control[BATCH][64];
  static struct sockaddr_in from[BATCH];
  struct mmsghdr heap[BATCH];
  struct iovec pieces[BATCH];
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      pieces[i] = (struct iovec){room[i], DATAGRAM};
      heap[i].msg_hdr = (struct msghdr){
          .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &pieces[i], .msg_iovlen = 1,
          .msg_control = control[i], .msg_controllen = sizeof control[i]};
    }
    int count = recvmmsg(ear->fd, heap, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
      const uint8_t *bytes = room[i];
      int length = heap[i].msg_len;
      if (length < 2) continue;
      if (bytes[0] >= 128 && bytes[0] < 192) {
        struct cmsghdr *note = CMSG_FIRSTHDR(&heap[i].msg_hdr);
        if (note == NULL || note->cmsg_type != SO_TIMESTAMPNS) continue;
        struct timespec at;
        memcpy(&at, CMSG_DATA(note), sizeof at);
        take_rtp(ear, bytes, length, (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec);
      } else if (bytes[0] < 2 && length >= 20) {
        take_stun(ear, bytes, &from[i]);
      } else if (bytes[0] >= 20 && bytes[0] < 64) {
        take_dtls(ear, bytes, length, &from[i]);
      }
    }
    if (count < BATCH) return;
  }
}

/* ---- Commands ---- */

static struct ear *ear_of(int id) { return id >= 0 && id < MAX_EARS ? ears[id] : NULL; }

static void open_ear(int id, const char *address, const char *ufrag, const char *password) {
  struct ear *ear = calloc(1, sizeof *ear);
  struct sockaddr_in own = {.sin_family = AF_INET};
  socklen_t length = sizeof own;
  int yes = 1, buffer = BUFFER;
  inet_pton(AF_INET, address, &own.sin_addr);
  ear->id = id;
  ear->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  setsockopt(ear->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
  setsockopt(ear->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (ear->fd < 0 || bind(ear->fd, (struct sockaddr *)&own, sizeof own) != 0) {
    perror("ears");
    exit(1);
  }
  getsockname(ear->fd, (struct sockaddr *)&own, &length);
  snprintf(ear->ufrag, sizeof ear->ufrag, "%s", ufrag);
  snprintf(ear->password, sizeof ear->password, "%s", password);
  ears[id] = ear;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = ear};
  epoll_ctl(poller, EPOLL_CTL_ADD, ear->fd, &event);
  printf("opened %d %d\n", id, ntohs(own.sin_port));
}

static void close_ear(int id) {
  struct ear *ear = ear_of(id);
  if (ear == NULL) return;
  close(ear->fd);
  SSL_free(ear->ssl);
  free(ear);
  ears[id] = NULL;
}

static void say_counts(void) {
  printf("counted %lu %ld %lu", packets, lost, closed_ears);
  for (int i = 0; i < BUCKETS; i++)
    if (delays[i] > 0) printf(" %d:%u", i, delays[i]);
  puts("");
  packets = 0;
  lost = 0;
  memset(delays, 0, sizeof delays);
}

static void obey(char *line) {
  char address[64], ufrag[260], password[260];
  int id, port, controls;
  if (sscanf(line, "open %d %63s %259s %259s", &id, address, ufrag, password) == 4) {
    if (id < 0 || id >= MAX_EARS || ears[id] != NULL) exit(1);
    open_ear(id, address, ufrag, password);
  } else if (sscanf(line, "connect %d %63s %d %259s %259s %d", &id, address, &port, ufrag, password, &controls) == 6) {
    struct ear *ear = ear_of(id);
    if (ear == NULL) return;
    ear->far = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &ear->far.sin_addr);
    strcpy(ear->far_ufrag, ufrag);
    strcpy(ear->far_password, password);
    ear->controls = controls;
    ear->has_far = 1;
    send_check(ear);
    ear->next_check = now_ms() + CHECK_MS;
  } else if (sscanf(line, "close %d", &id) == 1) {
    close_ear(id);
  } else if (strcmp(line, "count") == 0) {
    say_counts();
  }
}

static void read_commands(void) {
  static char text[1 << 16];
  static int held;
  int count = read(0, text + held, sizeof text - 1 - held);
  if (count == 0) exit(0);
  if (count < 0) return;
  held += count;
  text[held] = 0;
  char *line = text, *end;
  while ((end = strchr(line, '\n')) != NULL) {
    *end = 0;
    obey(line);
    line = end + 1;
  }
  held -= line - text;
  memmove(text, line, held);
}

/* Checks that are due, and handshakes that wait. */
static void look(void) {
  static uint64_t looked;
  uint64_t now = now_ms();
  if (now - looked < 20) return;
  looked = now;
  for (int id = 0; id < MAX_EARS; id++) {
    struct ear *ear = ears[id];
    if (ear == NULL || !ear->has_far || ear->is_closed) continue;
    if (now >= ear->next_check) {
      send_check(ear);
      ear->next_check = now + (ear->is_nominated ? CONSENT_MS : CHECK_MS);
    }
    if (ear->ssl == NULL) continue;
    if (!ear->is_connected) DTLSv1_handle_timeout(ear->ssl);
    else if (now - ear->connected_at > LINGER_MS) {
      SSL_free(ear->ssl);
      ear->ssl = NULL;
    }
  }
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  RAND_bytes((uint8_t *)&tie_breaker, 8);
  make_certificate();
  fcntl(0, F_SETFL, O_NONBLOCK);
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
  for (;;) {
    int count = epoll_wait(poller, events, 512, 10);
    real_offset = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
    int commands = 0;
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == NULL) commands = 1;
      else read_all(events[i].data.ptr);
    }
    /* Last: an ear that is closed now is in none of the events any more. */
    if (commands) read_commands();
    look();
    if (count < 512) usleep(PAUSE_US);
  }
}
