/*
 * mod_status.c - how the server is: a page that renews itself, and the same for
 * programs.
 *
 *   status.status-url       HTML; ?auto, ?json, ?prometheus, ?refresh=SECONDS
 *   status.statistics-url   "name: value"
 *   status.config-url       what it is made of, and its numbers
 *
 * What all processes did tally.c adds up, so it does not matter which of them
 * is asked; connections are those of the one that answers. A request is claimed
 * when all modules that refuse have let it pass, and before a file is looked
 * for. What clients sent is escaped and cut.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

enum {
	ROWS = 200,		/* connections shown */
	TEXT_SHOWN = 256,	/* bytes of a host or a URL */
	REFRESH = 2		/* seconds */
};

struct status_conf {
	const char *status, *statistics, *config;
	int sort;
};

#define KEY(name, type, member, preset) { name, type, CONF_REQUEST, \
	offsetof(struct status_conf, member), preset, 0, 0 }

static const struct conf_key status_keys[] = {
	KEY("status.status-url", CONF_STRING, status, NULL),
	KEY("status.statistics-url", CONF_STRING, statistics, NULL),
	KEY("status.config-url", CONF_STRING, config, NULL),
	KEY("status.enable-sort", CONF_BOOL, sort, "enable"),
	{ .name = NULL }
};

enum page { NO_PAGE, HTML, CONFIG, JSON, AUTO, STATISTICS, PROMETHEUS };

/* Name and meaning of each total; what ends in "_total" only grows. */
static const char metrics[] =
    "uptime_seconds\0Uptime\0"
    "workers\0Workers\0"
    "connections\0Connections\0"
    "connections_max\0Connections at most\0"
    "connections_total\0Connections accepted\0"
    "received_bytes_total\0Bytes received\0"
    "sent_bytes_total\0Bytes sent\0"
    "requests_total\0Requests answered";

static const char page_top[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "body{max-width:60rem;margin:auto;padding:1rem}h1{font-size:1.4rem}"
    "h2{font-size:1rem}ul{display:grid;gap:1rem;padding:0;list-style:none;"
    "grid-template-columns:repeat(auto-fill,minmax(9rem,1fr))}"
    "li{overflow-wrap:anywhere}b{display:block;font-size:1.1rem}"
    "svg{width:100%;height:5rem;background:#8882;fill:#28c}"
    "div{overflow:auto}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.2rem .5rem;border-bottom:1px solid #8884}"
    ".s th{cursor:pointer}</style>\n<title>Status</title>\n";
/* Where scripts run, the page renews itself, unless nobody looks or marks
 * something, and a column's head sorts. What has this hash may run, and nothing
 * else. */
static const char page_end[] = "</main>\n<script>"
    "let c=-1,d=1,$=(q,e=document)=>e.querySelector(q),o=()=>{"
    "let b=$(\"tbody\");c<0||b.append(...[...b.rows].sort((x,y)=>"
    "d*x.cells[c].innerText.localeCompare(y.cells[c].innerText,[],"
    "{numeric:1})))},n=()=>setTimeout(u,1e3*$(\"main\").dataset.s),"
    "u=()=>document.hidden||getSelection()+\"\"?n():fetch(location)"
    ".then(r=>r.text()).then(t=>{let m=$(\"main\","
    "new DOMParser().parseFromString(t,\"text/html\"));"
    "m&&($(\"main\").replaceWith(m),o())}).finally(n);"
    "onclick=e=>{let i=e.target.cellIndex;$(\".s\")&&e.target.tagName=="
    "\"TH\"&&(d=c==i?-d:1,c=i,o())};n()</script>\n</html>\n";
#define SCRIPT_HASH "akd6X/ncPqCMXRzhxPFk8ybYxSiDCErfwsefyJAjkPI="

/* ---- the same in several languages ---- */

static void
add_amount(struct buf *b, uintmax_t n, int is_bytes)
{
	if (is_bytes)
		str_size(b, n);
	else
		buf_add_number(b, n);
}

static void
add_item(struct buf *b, const struct totals *t, int i, const char *help)
{
	uintmax_t n = i == TOTAL_ANSWERED ? t->answered : t->value[i];

	if (i > TOTAL_ANSWERED)
		buf_printf(b, "<li>%dxx<b>", i - TOTAL_ANSWERED);
	else
		buf_printf(b, "<li>%s<b>", help);
	if (i == TOTAL_UPTIME)
		buf_printf(b, "%ju d %02ju:%02ju:%02ju", n / 86400,
		    n / 3600 % 24, n / 60 % 60, n % 60);
	else
		add_amount(b, n, i == TOTAL_RECEIVED || i == TOTAL_SENT);
	buf_adds(b, "</b>\n");
}

static void
add_metrics(struct buf *b, const struct totals *t, enum page page)
{
	const char *name = metrics, *help = NULL;
	char label[24] = "";
	int i;

	for (i = 0; i < TOTALS; i++) {
		if (i > 0 && i <= TOTAL_ANSWERED)
			name = help + strlen(help) + 1;
		help = name + strlen(name) + 1;
		if (i >= TOTAL_ANSWERED)
			snprintf(label, sizeof(label), page == PROMETHEUS
			    ? "{code=\"%dxx\"}" : "_%dxx", i - TOTAL_ANSWERED);
		if (page == PROMETHEUS && i <= TOTAL_ANSWERED)
			buf_printf(b, "# HELP glimd_%s %s\n"
			    "# TYPE glimd_%s %s\n", name, help, name,
			    strcmp(help - 7, "_total") == 0 ? "counter"
			    : "gauge");
		if (page == HTML)
			add_item(b, t, i, help);
		else
			buf_printf(b, page == PROMETHEUS ? "glimd_%s%s %ju\n"
			    : page == JSON ? ",\n\t\"%s%s\": %ju"
			    : "%s%s: %ju\n", name, label, t->value[i]);
	}
}

/* lighttpd's names, and its units: traffic is in KiB. */
static void
add_known(struct buf *b, const struct totals *t, enum page page)
{
	uintmax_t busy = t->value[TOTAL_CONNS];
	uintmax_t most = t->value[TOTAL_CONNS_MAX];

	buf_printf(b, page == JSON ? "{\n\t\"RequestsTotal\": %ju,\n"
	    "\t\"TrafficTotal\": %ju,\n\t\"Uptime\": %ju,\n"
	    "\t\"BusyServers\": %ju,\n\t\"IdleServers\": %ju,\n"
	    "\t\"RequestAverage5s\": %ju,\n\t\"TrafficAverage5s\": %ju"
	    : "Total Accesses: %ju\nTotal kBytes: %ju\nUptime: %ju\n"
	    "BusyServers: %ju\nIdleServers: %ju\nRequestAverage5s: %ju\n"
	    "TrafficAverage5s: %ju\nScoreboard: ", t->answered,
	    t->value[TOTAL_SENT] / 1024, t->value[TOTAL_UPTIME], busy,
	    most > busy ? most - busy : 0, t->rate[0], t->rate[1]);
}

/* ---- connections ---- */

/* lighttpd's letters and words, in the order of enum conn_state; the last is
 * for who has not asked anything yet. */
static const char states[] = "k keep-alive\0r read\0h handle-req\0"
    "x exchange\0R readpost\0s resp-start\0W write\0S resp-end\0"
    "E error\0C close\0E dead\0. connect";

static const char *
state_of(const struct connection *con)
{
	const char *p = states;
	int n = con->state == CONN_REQUEST_START && con->requests == 0
	    ? CONN_DEAD + 1 : con->state;

	while (n-- > 0)
		p += strlen(p) + 1;
	return p;
}

/* All of this process: each has a timer, but perhaps the one that asks. */
static void
each_connection(struct connection *con, timer_fn *fn, void *context)
{
	if (con->timer.next == NULL)
		fn(context, &con->timer);
	timer_each(&con->srv->wheel, fn, context);
}

struct list {
	struct buf *b;
	unsigned n;
};

static void
add_letter(void *context, struct timer *t)
{
	buf_addc(context, *state_of((void *)t));
}

static void
add_text(struct buf *b, struct slice text)
{
	buf_adds(b, "<td>");
	if (text.n > TEXT_SHOWN)
		text.n = TEXT_SHOWN;
	str_escape_html(b, text);
}

static void
add_row(void *context, struct timer *t)
{
	struct list *list = context;
	struct buf *b = list->b;
	const struct connection *con = (void *)t;
	const struct request *req = con->req;
	char peer[NET_NAME_SIZE];
	uint64_t unsent;

	if (list->n++ >= ROWS)
		return;
	(void)net_peer_name(con, peer);
	buf_printf(b, "<tr><td>%s<td>%s", peer, state_of(con) + 2);
	if (req == NULL || req->head_end == 0) {	/* no head, or a part */
		buf_adds(b, "<td><td><td><td><td>\n");
		return;
	}
	unsent = (uint64_t)queue_bytes(&req->out);
	buf_printf(b, "<td>%u<td>%zu<td>%ju", (unsigned)(con->srv->tick
	    - req->started), req->head.size + req->dropped, (uintmax_t)
	    (unsent < req->bytes_out ? req->bytes_out - unsent : 0));
	add_text(b, req->head.host);
	add_text(b, req->head.target);
	buf_addc(b, '\n');
}

/* ---- for people ---- */

static void
add_graph(struct buf *b, const struct totals *t, int k)
{
	uintmax_t most = t->most[k] + !t->most[k], unit = k == 0 ? 1 : 1024;
	uintmax_t rate = t->rate[k] * unit, peak;
	int i;

	buf_adds(b, k == 0 ? "<h2>Requests a second: "
	    : "<h2>Bytes a second: ");
	peak = t->most[k] * unit / PAST_SECONDS;
	add_amount(b, rate, k);
	buf_printf(b, ", in %d minutes at most ", PAST * PAST_SECONDS / 60);
	add_amount(b, peak > rate ? peak : rate, k);
	buf_adds(b, "</h2>\n<svg viewBox=\"0 0 60 100\" preserveAspectRatio="
	    "\"none\" aria-hidden=\"true\"><path d=\"M0 100");
	for (i = 0; i < PAST; i++)
		buf_printf(b, "V%juh1", 100 - t->past[k][i] * 100 / most);
	buf_adds(b, "V100z\"/></svg>\n");
}

static void
add_html(struct buf *b, const struct totals *t, struct connection *con,
    int sort)
{
	struct list list = { b, 0 };

	buf_adds(b, "</ul>\n");
	add_graph(b, t, 0);
	add_graph(b, t, 1);
	buf_printf(b, "<h2>Connections of process %ld</h2>\n<div><table%s>\n"
	    "<thead><tr><th>Client<th>State<th>Seconds<th>Received<th>Sent"
	    "<th>Host<th>URL</thead>\n<tbody>\n", (long)getpid(),
	    sort ? " class=\"s\"" : "");
	each_connection(con, add_row, &list);
	buf_adds(b, "</tbody></table></div>\n");
	if (list.n > ROWS)
		buf_printf(b, "<p>And %u more.\n", list.n - ROWS);
}

/* No texts, for there are secrets among them. */
static void
add_settings(struct buf *b, const struct conf *c)
{
	const struct conf_table *table = c->tables;
	const struct conf_key *key;
	const char *at;

	for (; table < c->tables + c->ntables; table++) {
		if (table->base == CONF_NOT_LOADED || table->keys == NULL)
			continue;
		for (key = table->keys; key->name != NULL; key++) {
			at = (const char *)c->settings + table->base + key->at;
			if (key->type == CONF_INT)
				buf_printf(b, "<li>%s<b>%ld</b>", key->name,
				    *(const long *)(const void *)at);
			else if (key->type == CONF_SHORT
			    || key->type == CONF_BOOL)
				buf_printf(b, "<li>%s<b>%d</b>", key->name,
				    *(const int *)(const void *)at);
		}
	}
}

static void
add_config(struct buf *b, const struct server *srv)
{
	const struct plugins *p = srv->config->plugins;
	size_t i;

	buf_printf(b, "<li>Version<b>%s</b><li>Events<b>%s</b><li>Modules<b>",
	    SERVER_VERSION, srv->ops->name);
	for (i = 0; i < p->n; i++)
		buf_printf(b, "%s\n", p->self[i].plugin->name);
	buf_adds(b, "</b>");
	add_settings(b, srv->config->conf);
	buf_adds(b, "</ul>\n");
}

/* ---- a request ---- */

static int
begins(struct slice text, const char *word)
{
	size_t n = strlen(word);

	return text.n >= n && memcmp(text.p, word, n) == 0;
}

static int
is_url(const struct request *req, const char *url)
{
	return url != NULL && strcmp(req->path.p, url) == 0;
}

static enum page
page_of(const struct plugin_self *self, const struct request *req)
{
	const struct status_conf *conf = plugin_conf(self, req);
	struct slice query = req->head.query;

	if (is_url(req, conf->statistics))
		return STATISTICS;
	if (is_url(req, conf->config))
		return CONFIG;
	if (!is_url(req, conf->status))
		return NO_PAGE;
	if (begins(query, "auto"))
		return AUTO;
	if (begins(query, "json"))
		return JSON;
	return begins(query, "prometheus") || http_weight(&req->head,
	    HTTP_ACCEPT, "application/openmetrics-text")
	    > http_weight(&req->head, HTTP_ACCEPT, "text/html") ? PROMETHEUS
	    : HTML;
}

/* ?refresh=SECONDS works without scripts, too. */
static void
add_top(struct buf *b, const struct request *req)
{
	struct slice query = req->head.query;
	int64_t seconds = REFRESH;

	buf_add(b, page_top, sizeof(page_top) - 1);
	if (begins(query, "refresh=") && str_number((struct slice){
	    query.p + 8, query.n - 8 }, &seconds) == 0
	    && seconds > 0 && seconds <= 86400)
		buf_printf(b, "<noscript><meta http-equiv=\"refresh\" "
		    "content=\"%d\"></noscript>\n", (int)seconds);
	else
		seconds = REFRESH;
	buf_printf(b, "<main data-s=\"%d\"><h1>", (int)seconds);
	str_escape_html(b, req->head.host);
	buf_adds(b, "</h1>\n<ul>");
}

static enum verdict
status_body(struct plugin_self *self, struct connection *con)
{
	enum page page = page_of(self, con->req);
	struct buf b = { .n = 0 };
	struct totals t;

	tally_sum(con->srv, &t);
	if (page <= CONFIG)
		add_top(&b, con->req);
	if (page == JSON || page == AUTO)
		add_known(&b, &t, page);
	if (page == CONFIG)
		add_config(&b, con->srv);
	else if (page == AUTO)
		each_connection(con, add_letter, &b);
	else
		add_metrics(&b, &t, page);
	if (page == HTML)
		add_html(&b, &t, con, ((const struct status_conf *)
		    plugin_conf(self, con->req))->sort);
	buf_adds(&b, page <= CONFIG ? page_end : page == JSON ? "\n}\n"
	    : page == AUTO ? "\n" : "");
	conn_body(con, b.p, b.n);
	con->req->out.mem.failed |= b.failed;
	buf_free(&b);
	return VERDICT_FINISHED;
}

/* Behind uri_clean, where modules refuse. */
static enum verdict
status_docroot(struct plugin_self *self, struct connection *con)
{
	struct request *req = con->req;
	enum page page = page_of(self, req);

	if (page == NO_PAGE || req->head.method == HTTP_OPTIONS)
		return VERDICT_GO_ON;
	if (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD) {
		conn_error(con, 405);
		conn_field(con, "Allow", slice_of("GET, HEAD, OPTIONS"));
		return VERDICT_FINISHED;
	}
	req->status = 200;
	req->framing = RESPONSE_STREAM;
	buf_printf(&req->fields, "Cache-Control: no-cache\r\nVary: Accept\r\n"
	    "X-Content-Type-Options: nosniff\r\nContent-Type: %s",
	    page <= CONFIG ? "text/html; charset=utf-8\r\n"
	    "Content-Security-Policy: default-src 'none'; "
	    "style-src 'unsafe-inline'; connect-src 'self'; "
	    "frame-ancestors 'self'; script-src 'sha256-" SCRIPT_HASH "'\r\n"
	    : page == JSON ? "application/json\r\n" : page == PROMETHEUS
	    ? "text/plain; version=0.0.4; charset=utf-8\r\n"
	    : "text/plain; charset=utf-8\r\n");
	return VERDICT_FINISHED;
}

const struct plugin mod_status = {
	.api = PLUGIN_API,
	.name = "mod_status",
	.version = SERVER_VERSION,
	.keys = status_keys,
	.conf_size = sizeof(struct status_conf),
	.handle_docroot = status_docroot,
	.handle_body = status_body,
};
