/*
 * mod_line.c - a gateway protocol to begin with: lines.
 *
 *	cp examples/mod_line.c .
 *	make MODULES='indexfile dirlisting staticfile line'
 *
 * and line.server = ( "/app/" => (( "host" => "127.0.0.1" )) ). HACKING, in the
 * chapter about gateway protocols, goes through it.
 *
 * To the backend: "METHOD /path", then the body in parts, each behind a line
 * with its length; 0 ends it. From it: CGI's reply, each line behind a "+",
 * and a line "." at its end. gw->frames: 1 in the middle of a line.
 */
#include <string.h>

#include "gw.h"

static const struct conf_key line_keys[] = {
	GW_KEYS("line"),
	{ .name = NULL }
};

static int
line_begin(struct gw *gw)
{
	const struct request *req = gw->con->req;
	struct buf *out = &gw->out.mem;

	gw->frames = 0;
	buf_add(out, req->head.method_text.p, req->head.method_text.n);
	buf_addc(out, ' ');
	/* decoded, a path may have an end of line in it */
	str_escape_url(out, (struct slice){ req->path.p, req->path.n });
	buf_addc(out, '\n');
	return 0;		/* whoever sends it asks whether out failed */
}

static void
line_frame(struct gw *gw, size_t n)
{
	buf_printf(&gw->out.mem, "%zu\n", n);
}

static enum http_verdict
line_take(struct gw *gw, struct slice *data)
{
	const char *p = gw->in.p + gw->in_at, *end;
	size_t n = gw->in.n - gw->in_at;

	if (n > 1 && gw->frames == 0 && p[0] == '.' && p[1] == '\n') {
		gw->in_at += 2;
		gw->keep = gw->host->keep_connection && n == 2;
		return HTTP_DONE;
	}
	if (n < 2)
		return HTTP_MORE;
	if (gw->frames == 0 && *p != '+') {
		gw->why = "a line without +";
		return HTTP_REFUSED;
	}
	if (gw->frames == 0) {
		gw->in_at++;
		p++;
		n--;
	}
	/* as much of it as there is: a line may be longer than memory */
	end = memchr(p, '\n', n);
	gw->frames = end == NULL;
	*data = (struct slice){ p, end == NULL ? n : (size_t)(end + 1 - p) };
	gw->in_at += data->n;
	return HTTP_MORE;
}

static const struct gw_protocol line = {
	.name = "line",
	.reply = HTTP_REPLY_CGI,
	.begin = line_begin,
	.frame = line_frame,
	.take = line_take,
};

static int
line_set_defaults(struct plugin_self *self, struct server *srv)
{
	static const struct gw_keys keys = {
		.protocol = &line, .server = "line.server",
		.balance = "line.balance", .default_port = 7000
	};

	(void)srv;
	return gw_hosts_check(self, &keys);
}

const struct plugin mod_line = {
	.api = PLUGIN_API,
	.name = "mod_line",
	.version = SERVER_VERSION,
	.keys = line_keys,
	.conf_size = sizeof(struct gw_conf),
	.set_defaults = line_set_defaults,
	GW_HOOKS
};
