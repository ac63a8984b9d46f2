/*
 * http_mime.c - names to media types.
 *
 * The table that holds where the configuration has no mimetype.assign. Asked
 * by mod_staticfile.c once for each file, not for each request.
 */
#include <string.h>

#include "http.h"

static const struct {
	const char *suffix, *type;
} types[] = {
	/* text: with the charset, or a browser would guess one */
	{ ".html", "text/html; charset=utf-8" },
	{ ".htm", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".text", "text/plain; charset=utf-8" },
	{ ".log", "text/plain; charset=utf-8" },
	{ ".conf", "text/plain; charset=utf-8" },
	{ ".c", "text/plain; charset=utf-8" },
	{ ".h", "text/plain; charset=utf-8" },
	{ ".sh", "text/plain; charset=utf-8" },
	{ ".diff", "text/plain; charset=utf-8" },
	{ ".patch", "text/plain; charset=utf-8" },
	{ ".md", "text/markdown; charset=utf-8" },
	{ ".csv", "text/csv; charset=utf-8" },
	{ ".ics", "text/calendar; charset=utf-8" },
	{ ".vcf", "text/vcard; charset=utf-8" },
	{ ".vtt", "text/vtt; charset=utf-8" },
	{ ".xml", "text/xml; charset=utf-8" },
	{ ".xsl", "text/xml; charset=utf-8" },
	{ ".dtd", "text/xml; charset=utf-8" },
	/* images */
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".jpeg", "image/jpeg" },
	{ ".gif", "image/gif" },
	{ ".svg", "image/svg+xml" },
	{ ".svgz", "image/svg+xml" },
	{ ".webp", "image/webp" },
	{ ".avif", "image/avif" },
	{ ".apng", "image/apng" },
	{ ".bmp", "image/bmp" },
	{ ".ico", "image/x-icon" },
	{ ".tif", "image/tiff" },
	{ ".tiff", "image/tiff" },
	/* sound and film */
	{ ".mp3", "audio/mpeg" },
	{ ".m4a", "audio/mp4" },
	{ ".aac", "audio/aac" },
	{ ".ogg", "audio/ogg" },
	{ ".oga", "audio/ogg" },
	{ ".opus", "audio/ogg" },
	{ ".flac", "audio/flac" },
	{ ".wav", "audio/wav" },
	{ ".mid", "audio/midi" },
	{ ".weba", "audio/webm" },
	{ ".mp4", "video/mp4" },
	{ ".m4v", "video/mp4" },
	{ ".webm", "video/webm" },
	{ ".ogv", "video/ogg" },
	{ ".mpg", "video/mpeg" },
	{ ".mpeg", "video/mpeg" },
	{ ".mov", "video/quicktime" },
	{ ".avi", "video/x-msvideo" },
	{ ".mkv", "video/x-matroska" },
	{ ".ts", "video/mp2t" },
	{ ".m3u8", "application/vnd.apple.mpegurl" },
	{ ".mpd", "application/dash+xml" },
	/* fonts */
	{ ".woff", "font/woff" },
	{ ".woff2", "font/woff2" },
	{ ".ttf", "font/ttf" },
	{ ".otf", "font/otf" },
	{ ".ttc", "font/collection" },
	/* data and programs */
	{ ".json", "application/json" },
	{ ".map", "application/json" },
	{ ".jsonld", "application/ld+json" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".geojson", "application/geo+json" },
	{ ".yaml", "application/yaml" },
	{ ".yml", "application/yaml" },
	{ ".wasm", "application/wasm" },
	{ ".xhtml", "application/xhtml+xml" },
	{ ".atom", "application/atom+xml" },
	{ ".rss", "application/rss+xml" },
	{ ".pdf", "application/pdf" },
	{ ".ps", "application/postscript" },
	{ ".eps", "application/postscript" },
	{ ".rtf", "application/rtf" },
	{ ".epub", "application/epub+zip" },
	{ ".odt", "application/vnd.oasis.opendocument.text" },
	{ ".ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ ".odp", "application/vnd.oasis.opendocument.presentation" },
	{ ".doc", "application/msword" },
	{ ".xls", "application/vnd.ms-excel" },
	{ ".ppt", "application/vnd.ms-powerpoint" },
	{ ".docx", "application/vnd.openxmlformats-officedocument"
	    ".wordprocessingml.document" },
	{ ".xlsx", "application/vnd.openxmlformats-officedocument"
	    ".spreadsheetml.sheet" },
	{ ".pptx", "application/vnd.openxmlformats-officedocument"
	    ".presentationml.presentation" },
	{ ".sqlite", "application/vnd.sqlite3" },
	{ ".swf", "application/x-shockwave-flash" },
	{ ".torrent", "application/x-bittorrent" },
	/* archives: what they hold does not change the type */
	{ ".gz", "application/gzip" },
	{ ".tgz", "application/gzip" },
	{ ".tar.gz", "application/gzip" },
	{ ".bz2", "application/x-bzip2" },
	{ ".xz", "application/x-xz" },
	{ ".zst", "application/zstd" },
	{ ".zip", "application/zip" },
	{ ".7z", "application/x-7z-compressed" },
	{ ".tar", "application/x-tar" },
	{ ".jar", "application/java-archive" },
	{ ".deb", "application/vnd.debian.binary-package" },
	{ ".rpm", "application/x-rpm" },
	{ ".apk", "application/vnd.android.package-archive" },
	{ ".iso", "application/x-iso9660-image" },
	{ ".img", "application/octet-stream" },
	{ ".bin", "application/octet-stream" }
};

int
http_has_suffix(struct slice name, const char *suffix)
{
	size_t n = strlen(suffix), i;
	char a, b;

	if (n > name.n)
		return 0;
	for (i = 0; i < n; i++) {
		a = name.p[name.n - n + i];
		b = suffix[i];
		if (a >= 'A' && a <= 'Z')
			a = (char)(a - 'A' + 'a');
		if (b >= 'A' && b <= 'Z')
			b = (char)(b - 'A' + 'a');
		if (a != b)
			return 0;
	}
	return 1;
}

const char *
http_mime_type(struct slice name)
{
	const char *best = "application/octet-stream";
	size_t i, n, longest = 0;

	for (i = 0; i < COUNT(types); i++) {
		n = strlen(types[i].suffix);
		if (n > longest && http_has_suffix(name, types[i].suffix)) {
			longest = n;
			best = types[i].type;
		}
	}
	return best;
}
