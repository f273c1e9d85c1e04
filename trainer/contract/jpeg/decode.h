#ifndef SHELFWISE_JPEG_DECODE_H
#define SHELFWISE_JPEG_DECODE_H

#include <stddef.h>
#include <stdint.h>

enum jpeg_outcome {
  JPEG_DECODED,
  /* A picture of a kind that this decoder leaves to others: CMYK. */
  JPEG_OF_ANOTHER_KIND,
  JPEG_TOO_MANY_PIXELS,
  /* `reason` says what is wrong with the file. */
  JPEG_DAMAGED,
};

/* libjpeg's JMSG_LENGTH_MAX. */
enum { JPEG_REASON_BYTES = 200 };

/* Memory that is kept from one picture to the next by whoever decodes many; zeroed at first. */
struct jpeg_scratch {
  void *memory;
  size_t bytes;
};

void jpeg_scratch_release(struct jpeg_scratch *scratch);

/*
 * Decodes a JPEG into size × size × 3 bytes, RGB, row by row: turned as its EXIF says, as large as fits, in the middle of white.
 * Whatever libjpeg would only warn of makes the picture damaged: it would go on with grey in place of what is missing.
 */
enum jpeg_outcome jpeg_decode(const uint8_t *bytes, size_t length, uint32_t size, uint32_t maximum_pixels, uint8_t *pixels,
                              struct jpeg_scratch *scratch, char reason[JPEG_REASON_BYTES]);

/* Of libjpeg-turbo, as "2.1.5". */
const char *jpeg_library_version(void);

#endif
