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

/* A type and its suffixes. Without a slash it is application/, and text has
 * its charset, or a browser would guess one. The last one is for all others. */
static const char types[] =
	"text/html html htm shtml\0" "text/css css\0" "text/javascript js mjs\0"
	"text/plain txt text log conf cfg ini c cc cpp h hpp java py pl rb rs"
	    " go sh lua diff patch asc srt\0"
	"text/markdown md markdown\0" "text/csv csv\0"
	"text/tab-separated-values tsv\0" "text/calendar ics\0"
	"text/vcard vcf\0" "text/vtt vtt\0" "text/xml xml xsl xsd dtd\0"
	"image/png png\0" "image/jpeg jpg jpeg jpe\0" "image/gif gif\0"
	"image/svg+xml svg svgz\0" "image/webp webp\0" "image/avif avif\0"
	"image/jxl jxl\0" "image/heic heic\0" "image/heif heif\0"
	"image/apng apng\0" "image/bmp bmp\0"
	"image/x-icon ico\0" "image/tiff tif tiff\0"
	"image/vnd.djvu djvu djv\0"
	"audio/mpeg mp3 mp2\0" "audio/mp4 m4a m4b\0" "audio/aac aac\0"
	"audio/ogg ogg oga opus spx\0" "audio/flac flac\0" "audio/wav wav\0"
	"audio/midi mid midi\0" "audio/webm weba\0" "audio/x-matroska mka\0"
	"audio/aiff aif aiff\0" "audio/x-mpegurl m3u\0" "audio/x-scpls pls\0"
	"audio/x-ms-wma wma\0"
	"video/mp4 mp4 m4v mp4v\0" "video/webm webm\0" "video/ogg ogv\0"
	"video/mpeg mpg mpeg\0" "video/quicktime mov qt\0"
	"video/x-msvideo avi\0" "video/x-matroska mkv\0" "video/mp2t ts m2ts\0"
	"video/3gpp 3gp\0" "video/x-flv flv\0" "video/x-ms-wmv wmv asf\0"
	"font/woff woff\0" "font/woff2 woff2\0" "font/ttf ttf\0"
	"font/otf otf\0" "font/collection ttc\0" "vnd.ms-fontobject eot\0"
	"model/gltf+json gltf\0" "model/gltf-binary glb\0" "model/stl stl\0"
	"vnd.apple.mpegurl m3u8\0" "dash+xml mpd\0" "json json map\0"
	"ld+json jsonld\0" "x-ndjson ndjson jsonl\0"
	"manifest+json webmanifest\0" "geo+json geojson\0" "yaml yaml yml\0"
	"toml toml\0" "sql sql\0" "wasm wasm\0" "xhtml+xml xhtml xht\0"
	"atom+xml atom\0" "rss+xml rss\0" "gpx+xml gpx\0"
	"vnd.google-earth.kml+xml kml\0" "vnd.google-earth.kmz kmz\0"
	"x-ns-proxy-autoconfig pac\0" "pdf pdf\0" "postscript ps eps ai\0"
	"rtf rtf\0" "epub+zip epub\0"
	"vnd.oasis.opendocument.text odt\0"
	"vnd.oasis.opendocument.spreadsheet ods\0"
	"vnd.oasis.opendocument.presentation odp\0"
	"vnd.oasis.opendocument.graphics odg\0"
	"msword doc dot\0" "vnd.ms-excel xls\0" "vnd.ms-powerpoint ppt\0"
	"vnd.openxmlformats-officedocument.wordprocessingml.document docx\0"
	"vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx\0"
	"vnd.openxmlformats-officedocument.presentationml.presentation pptx\0"
	"vnd.sqlite3 sqlite\0"
	"x-bittorrent torrent\0" "pgp-signature sig\0" "pgp-encrypted gpg pgp\0"
	"pkix-cert cer crt der\0" "pkix-crl crl\0" "x-pem-file pem\0"
	"gzip gz tgz\0" "x-bzip2 bz2 tbz\0" "x-xz xz txz\0" "zstd zst\0"
	"x-lzma lzma\0" "x-lz4 lz4\0" "x-compress z\0" "zip zip\0"
	"x-7z-compressed 7z\0" "vnd.rar rar\0" "x-tar tar\0" "x-cpio cpio\0"
	"vnd.ms-cab-compressed cab\0" "java-archive jar war\0"
	"vnd.debian.binary-package deb udeb ipk\0" "x-rpm rpm\0"
	"vnd.android.package-archive apk\0" "x-iso9660-image iso\0"
	"x-msdownload exe dll\0" "x-msi msi\0" "x-apple-diskimage dmg\0"
	"octet-stream";

int
http_has_suffix(struct slice name, struct slice suffix)
{
	return suffix.n <= name.n && strncasecmp(name.p + name.n - suffix.n,
	    suffix.p, suffix.n) == 0;
}

/* The type that has the suffix of n bytes behind dot, or the last one. */
static const char *
find_type(const char *dot, size_t n)
{
	const char *type = types, *p;
	size_t word;

	for (;;) {
		for (p = type + strcspn(type, " "); *p == ' '; p += word) {
			word = strcspn(++p, " ");
			if (word == n && strncasecmp(p, dot, n) == 0)
				return type;
		}
		if (p == types + sizeof(types) - 1)
			return type;
		type = p + 1;
	}
}

void
http_mime_type(struct buf *out, struct slice name)
{
	size_t at = name.n;
	const char *type;

	while (at > 0 && name.p[at - 1] != '.' && name.p[at - 1] != '/')
		at--;
	/* what follows a slash is no suffix, nor is a whole name */
	if (at == 0 || name.p[at - 1] == '/')
		at = name.n;
	type = find_type(name.p + at, name.n - at);
	at = strcspn(type, " ");
	if (memchr(type, '/', at) == NULL)
		buf_adds(out, "application/");
	buf_add(out, type, at);
	if (memcmp(type, "text/", 5) == 0)
		buf_adds(out, "; charset=utf-8");
}
