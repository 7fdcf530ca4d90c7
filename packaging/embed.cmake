# SPDX-License-Identifier: GPL-2.0-or-later
# A file as a C array: cmake -DFROM=FILE -DTO=HEADER -DARRAY=NAME -P embed.cmake
file(READ ${FROM} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${TO} "static const unsigned char ${ARRAY}[] = {${bytes}};\n")
