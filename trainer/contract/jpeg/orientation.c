#include "orientation.h"

#include <string.h>

/* A TIFF structure, in the byte order that it says itself. Source: Exif 2.32, 4.5 and 4.6; the tag is 4.6.4 A, Orientation. */
struct tiff {
  const uint8_t *bytes;
  size_t length;
  int big_endian;
};

/* Every read goes through these two: what lies beyond the end is 0. */
static uint32_t read16(const struct tiff *tiff, size_t at) {
  if (tiff->length < 2 || at > tiff->length - 2) return 0;
  const uint8_t *b = tiff->bytes + at;
  return tiff->big_endian ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

static uint32_t read32(const struct tiff *tiff, size_t at) {
  uint32_t first = read16(tiff, at), second = read16(tiff, at + 2);
  return tiff->big_endian ? first << 16 | second : second << 16 | first;
}

enum { ORIENTATION_TAG = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };

int exif_orientation(const uint8_t *content, size_t length) {
  if (length < 14 || memcmp(content, "Exif\0\0", 6) != 0) return 0;
  struct tiff tiff = {content + 6, length - 6, content[6] == 'M'};
  if (read16(&tiff, 2) != 42) return 0;
  size_t directory = read32(&tiff, 4);
  uint32_t entries = read16(&tiff, directory);
  for (uint32_t i = 0; i < entries; i++) {
    size_t entry = directory + 2 + (size_t)i * ENTRY_BYTES;
    if (entry >= tiff.length) return 0;
    if (read16(&tiff, entry) != ORIENTATION_TAG) continue;
    uint32_t value = read16(&tiff, entry + 8);
    return read16(&tiff, entry + 2) == TYPE_SHORT && value >= 1 && value <= 8 ? (int)value : 0;
  }
  return 0;
}
