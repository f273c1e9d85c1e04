#ifndef SHELFWISE_JPEG_ORIENTATION_H
#define SHELFWISE_JPEG_ORIENTATION_H

#include <stddef.h>
#include <stdint.h>

/* The orientation, 1 to 8, that an APP1 marker's content tells; 0 where it is no EXIF or tells none. */
int exif_orientation(const uint8_t *content, size_t length);

#endif
