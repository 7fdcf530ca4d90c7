/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may ask. */
#include "serve/access.h"

#include "base/log.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

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

bool access_is_foreign_page(const struct request *r)
{
	const char *site = request_header(r, "Sec-Fetch-Site");
	const char *mode = request_header(r, "Sec-Fetch-Mode");
	const char *origin = request_header(r, MHD_HTTP_HEADER_ORIGIN);
	const char *host = request_header(r, MHD_HTTP_HEADER_HOST), *of;

	if (site && !str_equal(site, "same-origin") && !str_equal(site, "none"))
		return !(str_equal(r->path, "/") && mode && str_equal(mode, "navigate"));
	/* Browsers that say nothing of the site do say whose page it is that posts. */
	of = origin ? strstr(origin, "://") : NULL;
	return origin && !site && !(of && host && !strcasecmp(of + 3, host));
}

int access_check_token(const char *path, char *token, struct err *err)
{
	enum { SHORT = 16 };
	struct stat st;
	size_t n;

	if (token)
		token[strcspn(token, "\r\n")] = '\0';
	n = token ? strlen(token) : 0;
	if (!n || token[strcspn(token, " \t")]) {
		err_set(err, 0, n ? "the token in %s has a blank in it" : "there is no token in %s",
			path);
		return err_cure(err, "one line; 'openssl rand -hex 32' makes a good one");
	}
	if (n < SHORT)
		log_warn("the token in %s is short (%zu characters): 'openssl rand -hex 32' makes "
			 "one that nobody guesses",
			 path, n);
	if (!stat(path, &st) && st.st_mode & 044)
		log_warn("others can read the token in %s: chmod 600 %s", path, path);
	return 0;
}
