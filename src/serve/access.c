/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may ask. */
#include "serve/access.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

/* Equal, without telling by the time it takes how far. */
static bool is_same(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned char differs = n != m;

	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)(a[i] ^ b[m ? i % m : 0]);
	return m && !differs;
}

bool access_is_allowed(const struct access *a, const struct request *r)
{
	const char *header = request_header(r, MHD_HTTP_HEADER_AUTHORIZATION);
	char *password = NULL, *user;
	bool same;

	if (!a->token)
		return true;
	if (header && !strncasecmp(header, "Bearer ", 7))
		return is_same(header + 7 + strspn(header + 7, " "), a->token);
	user = MHD_basic_auth_get_username_password(r->connection, &password);
	same = password && is_same(password, a->token);
	MHD_free(user);
	MHD_free(password);
	return same;
}

/* Where there is a token, such a page has none; --insecure is for everybody. */
bool access_is_host_ours(const struct access *a, const struct request *r)
{
	static const char *const names[] = {"localhost", "[::1]", "::1"};
	const char *host = request_header(r, MHD_HTTP_HEADER_HOST);
	auto_free char *name = NULL;
	const char *colon;

	if (a->token || a->is_open || !host)
		return true;
	colon = strrchr(host, ':');
	if (colon && strchr(colon, ']'))
		colon = NULL;
	name = mem_printf("%.*s", (int)(colon ? MIN(colon - host, (ptrdiff_t)256) : 256), host);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(name, names[i]))
			return true;
	return strspn(name, "0123456789.") == strlen(name) && str_starts(name, "127.");
}
