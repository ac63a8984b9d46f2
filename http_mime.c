/*
 * http_mime.c - names to media types.
 *
 * The table that holds where the configuration has no mimetype.assign. Asked
 * by mod_staticfile.c once for each file, not for each request. One text
 * instead of an array of pointers, each of which would cost a relocation.
 */
#include <string.h>
#include <strings.h>

#include "http.h"

/* A type and its suffixes, in turn. Text has its charset, or a browser would
 * guess one. */
static const char types[] =
	"text/html; charset=utf-8\0.html .htm\0"
	"text/css; charset=utf-8\0.css\0"
	"text/javascript; charset=utf-8\0.js .mjs\0"
	"text/plain; charset=utf-8\0"
	    ".txt .text .log .conf .c .h .sh .diff .patch\0"
	"text/markdown; charset=utf-8\0.md\0" "text/csv; charset=utf-8\0.csv\0"
	"text/calendar; charset=utf-8\0.ics\0"
	"text/vcard; charset=utf-8\0.vcf\0" "text/vtt; charset=utf-8\0.vtt\0"
	"text/xml; charset=utf-8\0.xml .xsl .dtd\0"
	"image/png\0.png\0" "image/jpeg\0.jpg .jpeg\0" "image/gif\0.gif\0"
	"image/svg+xml\0.svg .svgz\0" "image/webp\0.webp\0"
	"image/avif\0.avif\0" "image/apng\0.apng\0" "image/bmp\0.bmp\0"
	"image/x-icon\0.ico\0" "image/tiff\0.tif .tiff\0"
	"audio/mpeg\0.mp3\0" "audio/mp4\0.m4a\0" "audio/aac\0.aac\0"
	"audio/ogg\0.ogg .oga .opus\0" "audio/flac\0.flac\0"
	"audio/wav\0.wav\0" "audio/midi\0.mid\0" "audio/webm\0.weba\0"
	"video/mp4\0.mp4 .m4v\0" "video/webm\0.webm\0" "video/ogg\0.ogv\0"
	"video/mpeg\0.mpg .mpeg\0" "video/quicktime\0.mov\0"
	"video/x-msvideo\0.avi\0" "video/x-matroska\0.mkv\0"
	"video/mp2t\0.ts\0"
	"application/vnd.apple.mpegurl\0.m3u8\0" "application/dash+xml\0.mpd\0"
	"font/woff\0.woff\0" "font/woff2\0.woff2\0" "font/ttf\0.ttf\0"
	"font/otf\0.otf\0" "font/collection\0.ttc\0"
	"application/json\0.json .map\0" "application/ld+json\0.jsonld\0"
	"application/manifest+json\0.webmanifest\0"
	"application/geo+json\0.geojson\0" "application/yaml\0.yaml .yml\0"
	"application/wasm\0.wasm\0" "application/xhtml+xml\0.xhtml\0"
	"application/atom+xml\0.atom\0" "application/rss+xml\0.rss\0"
	"application/pdf\0.pdf\0" "application/postscript\0.ps .eps\0"
	"application/rtf\0.rtf\0" "application/epub+zip\0.epub\0"
	"application/vnd.oasis.opendocument.text\0.odt\0"
	"application/vnd.oasis.opendocument.spreadsheet\0.ods\0"
	"application/vnd.oasis.opendocument.presentation\0.odp\0"
	"application/msword\0.doc\0" "application/vnd.ms-excel\0.xls\0"
	"application/vnd.ms-powerpoint\0.ppt\0"
	"application/vnd.openxmlformats-officedocument"
	    ".wordprocessingml.document\0"
	    ".docx\0"
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet\0"
	    ".xlsx\0"
	"application/vnd.openxmlformats-officedocument"
	    ".presentationml.presentation\0"
	    ".pptx\0"
	"application/vnd.sqlite3\0.sqlite\0"
	"application/x-shockwave-flash\0.swf\0"
	"application/x-bittorrent\0.torrent\0"
	"application/gzip\0.gz .tgz .tar.gz\0" "application/x-bzip2\0.bz2\0"
	"application/x-xz\0.xz\0" "application/zstd\0.zst\0"
	"application/zip\0.zip\0" "application/x-7z-compressed\0.7z\0"
	"application/x-tar\0.tar\0" "application/java-archive\0.jar\0"
	"application/vnd.debian.binary-package\0.deb\0"
	"application/x-rpm\0.rpm\0"
	"application/vnd.android.package-archive\0.apk\0"
	"application/x-iso9660-image\0.iso\0"
	"application/octet-stream\0.img .bin\0";

int
http_has_suffix(struct slice name, struct slice suffix)
{
	return suffix.n <= name.n && strncasecmp(name.p + name.n - suffix.n,
	    suffix.p, suffix.n) == 0;
}

const char *
http_mime_type(struct slice name)
{
	const char *best = "application/octet-stream", *type = types, *p;
	struct slice suffix;
	size_t longest = 0;

	for (; *type != '\0'; type = p + 1) {
		p = type + strlen(type);
		do {			/* p is before a suffix */
			suffix.p = p + 1;
			suffix.n = strcspn(suffix.p, " ");
			p = suffix.p + suffix.n;
			if (suffix.n > longest
			    && http_has_suffix(name, suffix)) {
				longest = suffix.n;
				best = type;
			}
		} while (*p == ' ');
	}
	return best;
}
