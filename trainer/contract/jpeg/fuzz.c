/*
 * Decodes damaged copies of the JPEGs named on the command line until the time is over, and tells what came of them. Built
 * with sanitizers by fuzz.ts: whatever reads or writes where it should not ends it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode.h"
#include "orientation.h"

enum { MOST_FILES = 16, MOST_BYTES = 1 << 17, HEADER_BYTES = 700 };

static uint8_t files[MOST_FILES][MOST_BYTES];
static size_t lengths[MOST_FILES];

/* Marsaglia, "Xorshift RNGs", 2003. */
static uint32_t state = 1;

static uint32_t below(size_t limit) {
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return (uint32_t)(state % limit);
}

static void damage(uint8_t *bytes, size_t length) {
  size_t header = length < HEADER_BYTES ? length : HEADER_BYTES;
  size_t from = below(length), to = below(length), count = below(64);
  switch (below(4)) {
    case 0: bytes[below(length)] = (uint8_t)below(256); break;
    case 1: bytes[below(length)] ^= (uint8_t)(1 << below(8)); break;
    case 2: bytes[below(header)] = (uint8_t)below(256); break;
    default: if (from + count <= length && to + count <= length) memmove(bytes + from, bytes + to, count);
  }
}

int main(int count, char **arguments) {
  static const uint32_t sizes[] = {8, 16, 96, 128, 224};
  int inputs = count - 2 < MOST_FILES ? count - 2 : MOST_FILES;
  if (inputs < 1) return 2;
  for (int i = 0; i < inputs; i++) {
    FILE *file = fopen(arguments[i + 2], "rb");
    if (!file) return 2;
    lengths[i] = fread(files[i], 1, MOST_BYTES, file);
    fclose(file);
  }
  struct jpeg_scratch scratch = {0};
  long outcomes[JPEG_DAMAGED + 1] = {0};
  time_t end = time(NULL) + atoi(arguments[1]);
  while (time(NULL) < end) {
    uint32_t chosen = below((size_t)inputs), size = sizes[below(5)];
    size_t length = below(8) ? lengths[chosen] : 1 + below(lengths[chosen]);
    /* Of exactly that length, so that a read beyond it is seen. */
    uint8_t *bytes = malloc(length), *pixels = malloc((size_t)size * size * 3);
    if (!bytes || !pixels) return 2;
    memcpy(bytes, files[chosen], length);
    for (uint32_t i = below(8) + 1; i > 0; i--) damage(bytes, length);
    char reason[JPEG_REASON_BYTES];
    outcomes[jpeg_decode(bytes, length, size, 25000000, pixels, &scratch, reason)]++;
    exif_orientation(bytes, length);
    free(bytes), free(pixels);
  }
  jpeg_scratch_release(&scratch);
  printf("{\"decoded\":%ld,\"anotherKind\":%ld,\"tooManyPixels\":%ld,\"damaged\":%ld}\n", outcomes[JPEG_DECODED],
         outcomes[JPEG_OF_ANOTHER_KIND], outcomes[JPEG_TOO_MANY_PIXELS], outcomes[JPEG_DAMAGED]);
  return 0;
}
