/*
 * rows_field.h - heads: fields, framing, Connection, Expect. See rows.h.
 */
	/* fields, RFC 9112 5 */
	RFC("9112 5", "white space around a value", G "Host: \t h \t \r\n\r\n",
	    PLAIN),
	RFC("9112 5", "no white space", G "Host:h" E, PLAIN),
	RFC("9112 5", "name in any case", G "hOST: h" E, PLAIN),
	RFC("9112 5", "empty value", GH "A:" E, PLAIN),
	RFC("9112 5", "HTAB inside a value", GH "A: b\tc" E, PLAIN),
	RFC("9112 5", "obs-text in a value", GH
	    "A: \200\377\303\244 long enough" E, PLAIN),
	RFC("9112 5.1", "space before the colon", GH "A : b" E, "400"),
	RFC("9112 5.1", "HTAB before the colon", GH "A\t: b" E, "400"),
	RFC("9112 5.1", "space before the colon of a length", GH
	    "Content-Length : 1" E, "400"),
	RFC("9112 5.2", "fold before the first field", G " A: b\r\nHost: h" E,
	    "400"),
	RFC("9112 5.2", "fold becomes spaces", GH "A: b\r\n  c" E, PLAIN),
	RFC("9112 5.2", "two folds", GH "A: b\r\n\tc\r\n d" E, PLAIN),
	RFC("9112 5.2", "fold in a value we read", G "Host:\r\n h" E, PLAIN),
	RFC("9112 5.2", "fold in a length", POST "Content-Length: 1\r\n 2" E,
	    "400"),
	RFC("9112 5.2", "folded name", GH "A\r\n : b" E, "400"),
	RFC("9112 5", "empty name", GH ": b" E, "400"),
	RFC("9112 5", "no colon", GH "A" E, "400"),
	RFC("9112 5", "name is no token", GH "A(b: c" E, "400"),
	RFC("9112 5", "NUL in a name", GH "A\0: b" E, "400"),
	RFC("9112 5", "obs-text in a name", GH "\303\244: b" E, "400"),
	RFC("9110 5.5", "NUL in a value", GH "A: b\0c" E, "400"),
	RFC("9110 5.5", "NUL far in a value", GH "A: 0123456789abcdef\0" E,
	    "400"),
	RFC("9110 5.5", "control byte in a value", GH "A: b\033c" E, "400"),
	RFC("9110 5.5", "DEL in a value", GH "A: 01234567890\177" E, "400"),
	RFC("9112 2.2", "lone LF after a value", GH "A: b\nC: d" E, "400"),
	RFC("9112 2.2", "bare CR in a value", GH "A: b\rC: d" E, "400"),
	RFC("9112 2.2", "CR CR LF", GH "A: b\r\r\n\r\n", "400"),
	RFC("9112 2.2", "lone LF at the end", GH "A: b\r\n\n", "400"),
	RFC("9112 2.2", "bare CR at the end", GH "\rX", "400"),
	RFC("9110 5.1", "a name with every mark", GH "!#$%&'*+-.^_`|~9: b" E,
	    PLAIN),
	RFC("9110 5.1", "a name that begins with a hyphen", GH "-: b" E,
	    PLAIN),
	RFC("9112 5", "colons in the value", GH "A::b:c" E, PLAIN),
	RFC("9110 5.5", "nothing but white space", GH "A: \t \t " E, PLAIN),
	RFC("9110 5.5", "HTAB on both sides", GH "A:\tb\t" E, PLAIN),
	RFC("9110 5.5", "obs-text next to printable bytes", GH
	    "A: a\200b\377" E, PLAIN),
	RFC("9110 5.3", "a name many times", GH
	    "A: 1\r\nA: 2\r\na: 3\r\nA: 4" E, PLAIN),
	RFC("9110 5.3", "one of ours many times (CVE-2008-4298)", GH
	    "Accept: a\r\nAccept:\r\nAccept: b\r\n"
	    "Cookie: c\r\nCookie: d\r\nAccept: e" E,
	    PLAIN),
	RFC("9112 5", "HTAB in a name", GH "A\tb: c" E, "400"),
	RFC("9112 5", "space in a name", GH "A b: c" E, "400"),
	RFC("9112 5", "NBSP behind a name", GH "A\302\240: b" E, "400"),
	RFC("9112 5", "quote in a name", GH "\"A\": b" E, "400"),
	RFC("9112 5", "slash in a name", GH "A/b: c" E, "400"),
	RFC("9112 5", "bracket in a name", GH "A[b]: c" E, "400"),
	RFC("9112 5", "DEL in a name", GH "A\177: b" E, "400"),
	RFC("9112 5", "name and CR", GH "A\r: b" E, "400"),
	RFC("9112 5", "colon alone", GH ":" E, "400"),
	RFC("9112 5", "space and colon", GH " : b" E, "400"),
	RFC("9112 5", "a request line among fields", GH "GET / HTTP/1.1" E,
	    "400"),
	RFC("9112 5", "equals for the colon", GH "A=b" E, "400"),
	RFC("9112 5.1", "space before the colon of a coding", GH
	    "Transfer-Encoding : chunked" E, "400"),
	RFC("9112 5.1", "HTAB before the colon of a length", GH
	    "Content-Length\t: 1" E, "400"),
	RFC("9112 5.1", "space before the colon of Connection", GH
	    "Connection : close" E, "400"),
	RFC("9112 5.2", "fold of nothing but white space", GH
	    "A: b\r\n \r\n\t" E, PLAIN),
	RFC("9112 5.2", "fold behind an empty value", GH "A:\r\n\t\r\n b" E,
	    PLAIN),
	RFC("9112 5.2", "fold and the same field again (CVE-2018-25103)", GH
	    "Range: bytes=0-1\r\n\ta\r\nRange: bytes=2-3" E, PLAIN),
	RFC("9112 5.2", "fold behind a lone LF", GH "A: b\n c" E, "400"),
	RFC("9112 5.2", "fold behind a bare CR", GH "A: b\r c" E, "400"),
	RFC("9112 5.2", "fold with a control byte", GH "A: b\r\n \001" E,
	    "400"),
	RFC("9112 5.2", "fold in Connection", GH "Connection:\r\n\tclose" E,
	    "GET / 1.1 @h close"),
	RFC("9110 5.5", "BEL in a value", GH "A: b\ac" E, "400"),
	RFC("9110 5.5", "VT in a value", GH "A: b\vc" E, "400"),
	RFC("9110 5.5", "FF in a value", GH "A: b\fc" E, "400"),
	RFC("9110 5.5", "BS in a value", GH "A: b\bc" E, "400"),
	RFC("9110 5.5", "US in a value", GH "A: b\037c" E, "400"),
	RFC("9110 5.5", "SOH in a value", GH "A: b\001c" E, "400"),
	RFC("9110 5.5", "CR at the end of a value", GH "A: b\r" E, "400"),
	RFC("9112 2.2", "two lone LFs", GH "A: b\n\nGET / HTTP/1.1" E, "400"),
	RFC("9112 2.2", "lone LF, then a length (response splitting)", GH
	    "A: b\nContent-Length: 5" E, "400"),
	/* framing, RFC 9112 6 */
	RFC("9112 6", "length", POST "Content-Length: 5" E,
	    "POST / 1.1 @h keep length=5"),
	RFC("9112 6", "length zero", POST "Content-Length: 0" E,
	    "POST / 1.1 @h keep length=0"),
	RFC("9112 6", "largest length", POST
	    "Content-Length: 9223372036854775807" E,
	    "POST / 1.1 @h keep length=9223372036854775807"),
	RFC("9112 6.3", "length too large", POST
	    "Content-Length: 9223372036854775808" E, "400"),
	RFC("9112 6.3", "length negative", POST "Content-Length: -1" E, "400"),
	RFC("9112 6.3", "length with sign", POST "Content-Length: +1" E,
	    "400"),
	RFC("9112 6.3", "length hexadecimal", POST "Content-Length: 0x1" E,
	    "400"),
	RFC("9112 6.3", "length empty", POST "Content-Length:" E, "400"),
	RFC("9112 6.3", "length with a space", POST "Content-Length: 1 2" E,
	    "400"),
	RFC("9112 6.3", "length as a list", POST "Content-Length: 5, 5" E,
	    "400"),
	RFC("9112 6.3", "two lengths", POST
	    "Content-Length: 5\r\nContent-Length: 6" E, "400"),
	RFC("9112 6.3", "two lengths, the same", POST
	    "Content-Length: 5\r\ncontent-length: 5" E, "400"),
	RFC("9112 6", "length in 1.0", "POST / HTTP/1.0\r\nContent-Length: 5"
	    E, "POST / 1.0 @ close length=5"),
	RFC("9112 6", "chunked", POST "Transfer-Encoding: chunked" E,
	    "POST / 1.1 @h keep chunked"),
	RFC("9112 7", "codings in any case", POST "transfer-encoding: CHUNKED"
	    E, "POST / 1.1 @h keep chunked"),
	RFC("9112 6.1", "length, then chunked", POST
	    "Content-Length: 5\r\nTransfer-Encoding: chunked" E, "400"),
	RFC("9112 6.1", "chunked, then length", POST
	    "Transfer-Encoding: chunked\r\nContent-Length: 5" E, "400"),
	RFC("9112 6.1", "chunked twice", POST
	    "Transfer-Encoding: chunked, chunked" E, "400"),
	RFC("9112 6.1", "chunked in two fields", POST
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" E,
	    "400"),
	RFC("9112 6.1", "unknown, then chunked", POST
	    "Transfer-Encoding: gzip, chunked" E, "400"),
	RFC("9112 6.1", "two unknown, then chunked", POST
	    "Transfer-Encoding: gzip,x;a=b , chunked" E, "400"),
	RFC("9112 6.3", "chunked not last", POST
	    "Transfer-Encoding: chunked, gzip" E, "400"),
	RFC("9112 6.3", "unknown only", POST "Transfer-Encoding: gzip" E,
	    "400"),
	RFC("9112 6.3", "identity", POST "Transfer-Encoding: identity" E,
	    "400"),
	RFC("9112 6.1", "empty coding", POST "Transfer-Encoding:" E, "400"),
	RFC("9112 6.1", "empty list element", POST
	    "Transfer-Encoding: ,chunked" E, "400"),
	RFC("9112 6.1", "nearly chunked", POST "Transfer-Encoding: xchunked" E,
	    "400"),
	RFC("9112 6.1", "chunked with a parameter", POST
	    "Transfer-Encoding: chunked;a=b" E, "400"),
	RFC("9112 6.1", "chunked in quotes", POST
	    "Transfer-Encoding: \"chunked\"" E, "400"),
	RFC("9112 6.1", "control byte in front of chunked", POST
	    "Transfer-Encoding: \013chunked" E, "400"),
	RFC("9112 6.1", "Transfer-Encoding in 1.0",
	    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked" E, "400"),
	RFC("9110 9.3", "GET with content",
	    "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5" E,
	    "GET / 1.1 @h keep length=5"),
	RFC("9110 9.3", "HEAD with content",
	    "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 5" E,
	    "HEAD / 1.1 @h keep length=5"),
	RFC("9110 9.3", "OPTIONS with content",
	    "OPTIONS / HTTP/1.1\r\nHost: h\r\nContent-Length: 5" E,
	    "OPTIONS / 1.1 @h keep length=5"),
	RFC("9110 9.3", "DELETE with content",
	    "DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 5" E,
	    "DELETE / 1.1 @h keep length=5"),
	RFC("9110 9.3", "a method of no kind with content",
	    "BREW / HTTP/1.1\r\nHost: h\r\nContent-Length: 5" E,
	    "unknown / 1.1 @h keep length=5"),
	RFC("9110 9.3", "GET with chunks", GH "Transfer-Encoding: chunked" E,
	    "GET / 1.1 @h keep chunked"),
	RFC("9112 6.3", "POST without length has no content", POST "A: b" E,
	    "POST / 1.1 @h keep"),
	RFC("9110 8.6", "length with zeros in front", POST
	    "Content-Length: 005" E, "POST / 1.1 @h keep length=5"),
	RFC("9110 8.6", "white space around the length", POST
	    "Content-Length: \t 5 \t" E, "POST / 1.1 @h keep length=5"),
	RFC("9110 8.6", "length with a comma behind", POST
	    "Content-Length: 5," E, "400"),
	RFC("9110 8.6", "length with a comma before", POST
	    "Content-Length: ,5" E, "400"),
	RFC("9110 8.6", "length with the same twice in a list", POST
	    "Content-Length: 5,5" E, "400"),
	RFC("9110 8.6", "length with two in a list", POST
	    "Content-Length: 5, 6" E, "400"),
	RFC("9110 8.6", "length with semicolon", POST "Content-Length: 5;a" E,
	    "400"),
	RFC("9110 8.6", "length with fraction", POST "Content-Length: 5.0" E,
	    "400"),
	RFC("9110 8.6", "length with exponent", POST "Content-Length: 5e0" E,
	    "400"),
	RFC("9110 8.6", "length with binary", POST "Content-Length: 0b1" E,
	    "400"),
	RFC("9110 8.6", "length with octal", POST "Content-Length: 0o7" E,
	    "400"),
	RFC("9110 8.6", "length with underscore", POST "Content-Length: 5_0" E,
	    "400"),
	RFC("9110 8.6", "length with quotes", POST "Content-Length: \"5\"" E,
	    "400"),
	RFC("9110 8.6", "length with minus zero", POST "Content-Length: -0" E,
	    "400"),
	RFC("9110 8.6", "length with plus zero", POST "Content-Length: +0" E,
	    "400"),
	RFC("9110 8.6", "length with minus and space", POST
	    "Content-Length: - 1" E, "400"),
	RFC("9110 8.6", "length with letters", POST "Content-Length: five" E,
	    "400"),
	RFC("9110 8.6", "length with thousands", POST
	    "Content-Length: 1'000" E, "400"),
	RFC("9110 8.6", "length with HTAB inside", POST
	    "Content-Length: 5\t6" E, "400"),
	RFC("9110 8.6", "length with digit of another script", POST
	    "Content-Length: \357\274\225" E, "400"),
	RFC("9110 8.6", "length with 0x only", POST "Content-Length: 0x" E,
	    "400"),
	RFC("9110 8.6", "length with hexadecimal digits", POST
	    "Content-Length: a" E, "400"),
	RFC("9110 8.6", "length with 32 bits and more, minus", POST
	    "Content-Length: -4294967295" E, "400"),
	RFC("9110 8.6", "length with 64 bits and one", POST
	    "Content-Length: 18446744073709551617" E, "400"),
	RFC("9110 8.6", "length with 40 digits", POST
	    "Content-Length: 1000000000000000000000000000000000000000" E,
	    "400"),
	RFC("9110 8.6", "length with NUL behind", POST "Content-Length: 5\0" E,
	    "400"),
	RFC("9110 8.6", "length with VT before", POST "Content-Length: \v5" E,
	    "400"),
	RFC("9110 8.6", "length with a field in it", POST
	    "Content-Length: 5 Content-Length: 6" E, "400"),
	RFC("9112 6.3", "two lengths, the second empty", POST
	    "Content-Length: 5\r\nContent-Length:" E, "400"),
	RFC("9112 6.3", "two lengths, both 0", POST
	    "Content-Length: 0\r\nContent-Length: 0" E, "400"),
	RFC("9112 6.3", "two lengths, others between", POST
	    "Content-Length: 5\r\nA: b\r\nC: d\r\nCONTENT-LENGTH: 5" E, "400"),
	RFC("9112 6.3", "length by underscore is none", POST
	    "Content_Length: 5" E, "POST / 1.1 @h keep"),
	RFC("9112 6.1", "coding by underscore is none", POST
	    "Transfer_Encoding: chunked" E, "POST / 1.1 @h keep"),
	RFC("9112 6.1", "longer name is no coding", POST
	    "Transfer-Encodings: chunked" E, "POST / 1.1 @h keep"),
	RFC("9112 7.4", "TE is no coding", POST "TE: chunked" E,
	    "POST / 1.1 @h keep"),
	RFC("9112 6.1", "white space around chunked", POST
	    "Transfer-Encoding: \t chunked \t" E,
	    "POST / 1.1 @h keep chunked"),
	RFC("9112 5.2", "chunked in a fold", POST
	    "Transfer-Encoding:\r\n chunked" E, "POST / 1.1 @h keep chunked"),
	RFC("9112 6.1", "chunked with comma behind", POST
	    "Transfer-Encoding: chunked," E, "400"),
	RFC("9112 6.1", "chunked with comma and space", POST
	    "Transfer-Encoding: chunked, " E, "400"),
	RFC("9112 6.1", "chunked with one letter missing", POST
	    "Transfer-Encoding: chunke" E, "400"),
	RFC("9112 6.1", "chunked with one letter more", POST
	    "Transfer-Encoding: chunkedd" E, "400"),
	RFC("9112 6.1", "coding: space inside", POST
	    "Transfer-Encoding: chu nked" E, "400"),
	RFC("9112 6.1", "chunked with a value", POST
	    "Transfer-Encoding: chunked=1" E, "400"),
	RFC("9112 6.1", "chunked with fold and more", POST
	    "Transfer-Encoding: chunked\r\n , gzip" E, "400"),
	RFC("9112 6.1", "coding: identity first", POST
	    "Transfer-Encoding: identity, chunked" E, "400"),
	RFC("9112 6.1", "chunked with identity last", POST
	    "Transfer-Encoding: chunked, identity" E, "400"),
	RFC("9112 6.1", "chunked with compress first", POST
	    "Transfer-Encoding: compress, chunked" E, "400"),
	RFC("9112 6.1", "chunked with deflate first", POST
	    "Transfer-Encoding: deflate, chunked" E, "400"),
	RFC("9112 6.1", "chunked with trailers first", POST
	    "Transfer-Encoding: trailers, chunked" E, "400"),
	RFC("9112 6.1", "chunked with NUL behind", POST
	    "Transfer-Encoding: chunked\0" E, "400"),
	RFC("9112 6.1", "chunked with NBSP behind", POST
	    "Transfer-Encoding: chunked\240" E, "400"),
	RFC("9112 6.1", "chunked with NBSP before", POST
	    "Transfer-Encoding: \240chunked" E, "400"),
	RFC("9112 6.1", "chunked with FF behind", POST
	    "Transfer-Encoding: chunked\f" E, "400"),
	RFC("9112 6.1", "chunked with one quote", POST
	    "Transfer-Encoding: \"chunked" E, "400"),
	RFC("9112 6.1", "chunked with semicolon behind", POST
	    "Transfer-Encoding: chunked;" E, "400"),
	RFC("9112 6.1", "coding: nothing but a comma", POST
	    "Transfer-Encoding: ," E, "400"),
	RFC("9112 6.1", "chunked with the same by another separator", POST
	    "Transfer-Encoding: chunked;chunked" E, "400"),
	RFC("9112 6.1", "coding: cow", POST "Transfer-Encoding: cow" E, "400"),
	RFC("9112 6.1", "coding of nothing, then chunked", POST
	    "Transfer-Encoding:\r\nTransfer-Encoding: chunked" E, "400"),
	RFC("9112 6.1", "chunked, then coding of nothing", POST
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding:" E, "400"),
	RFC("9112 6.1", "chunked, then identity", POST
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" E,
	    "400"),
	RFC("9112 6.1", "length 0 and chunked", POST
	    "Content-Length: 0\r\nTransfer-Encoding: chunked" E, "400"),
	RFC("9112 6.1", "length and identity", POST
	    "Content-Length: 5\r\nTransfer-Encoding: identity" E, "400"),
	RFC("9112 6.1", "coding and length in 1.0",
	    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"
	    "Content-Length: 5" E,
	    "400"),
	RFC("9112 6.1", "chunked in 1.2",
	    "POST / HTTP/1.2\r\nHost: h\r\nTransfer-Encoding: chunked" E,
	    "POST / 1.1 @h keep chunked"),
	/* Connection, RFC 9112 9.3 */
	RFC("9112 9.3", "close", GH "Connection: close" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close in a list", GH "Connection: TE,, Close" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close in the second field", GH
	    "Connection: TE\r\nA: b\r\n" "Connection: close" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close before keep-alive", GH
	    "Connection: close, keep-alive" E, "GET / 1.1 @h close"),
	RFC("9112 9.3", "close is a whole word", GH "Connection: closed" E,
	    PLAIN),
	RFC("9112 9.3", "keep-alive in 1.0",
	    "GET / HTTP/1.0\r\nConnection: Keep-Alive" E, "GET / 1.0 @ keep"),
	RFC("9112 9.3", "both in 1.0",
	    "GET / HTTP/1.0\r\nConnection: keep-alive, close" E,
	    "GET / 1.0 @ close"),
	RFC("9112 9.3", "empty tokens only", GH "Connection: ,, ,\t," E,
	    PLAIN),
	RFC("9112 9.3", "close in capitals", GH "Connection: CLOSE" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close with white space", GH "Connection: \tclose\t" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close and a comma", GH "Connection: close," E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "comma and close", GH "Connection: ,close" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close, then nothing", GH
	    "Connection: close\r\nConnection:" E, "GET / 1.1 @h close"),
	RFC("9112 9.3", "keep-alive, then close", GH
	    "Connection: keep-alive\r\nConnection: close" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close, then keep-alive", GH
	    "Connection: close\r\nConnection: keep-alive" E,
	    "GET / 1.1 @h close"),
	RFC("9112 9.3", "close behind quotes", GH
	    "Connection: \"a,b\", close" E, "GET / 1.1 @h close"),
	RFC("9112 9.3", "keep-alive twice", GH
	    "Connection: keep-alive\r\nConnection: keep-alive" E, PLAIN),
	RFC("9112 9.3", "keep-alive in 1.1", GH "Connection: keep-alive" E,
	    PLAIN),
	RFC("9112 9.3", "close in quotes is another word", GH
	    "Connection: \"close\"" E, PLAIN),
	RFC("9112 9.3", "close with a parameter is another word", GH
	    "Connection: close;a=b" E, PLAIN),
	RFC("9112 9.3", "close as part of a word", GH
	    "Connection: not-close" E, PLAIN),
	RFC("9112 9.3", "nothing", GH "Connection:" E, PLAIN),
	RFC("9112 9.3", "a field's name", GH "Connection: Host" E, PLAIN),
	RFC("9112 9.3", "Connections is not Connection", GH
	    "Connections: close" E, PLAIN),
	RFC("9112 9.3", "Proxy-Connection means nothing", GH
	    "Proxy-Connection: close" E, PLAIN),
	RFC("9112 9.3", "Keep-Alive means nothing", GH
	    "Keep-Alive: timeout=0, max=0" E, PLAIN),
	RFC("9112 9.3", "empty token between (CVE-2012-5533)", GH
	    "Connection: TE,,Keep-Alive" E, PLAIN),
	RFC("9112 9.3", "keep-alive in a list in 1.0",
	    "GET / HTTP/1.0\r\nConnection: keep-alive, TE" E,
	    "GET / 1.0 @ keep"),
	RFC("9112 9.3", "keep-alive behind empty tokens in 1.0",
	    "GET / HTTP/1.0\r\nConnection: ,,keep-alive" E,
	    "GET / 1.0 @ keep"),
	RFC("9112 9.3", "another word in 1.0",
	    "GET / HTTP/1.0\r\nConnection: TE" E, "GET / 1.0 @ close"),
	RFC("9112 9.3", "keep-alive in two fields in 1.0",
	    "GET / HTTP/1.0\r\nConnection: TE\r\nConnection: keep-alive" E,
	    "GET / 1.0 @ keep"),
	RFC("9112 9.3", "nothing in 1.0", "GET / HTTP/1.0\r\nConnection: " E,
	    "GET / 1.0 @ close"),
	RFC("9112 9.3", "keep-alive, then close in 1.0",
	    "GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close" E,
	    "GET / 1.0 @ close"),
	RFC("9110 7.8", "Upgrade to h2c is ignored", GH
	    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
	    "HTTP2-Settings: AAMAAABk" E,
	    PLAIN),
	RFC("9110 7.8", "Upgrade without Connection", GH "Upgrade: h2c" E,
	    PLAIN),
	RFC("9110 7.8", "Upgrade to WebSocket is ignored", GH
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Key: x" E,
	    PLAIN),
	RFC("9110 7.6.2", "Max-Forwards is for proxies", GH
	    "Max-Forwards: 0" E, PLAIN),
	RFC("9110 7.6.2", "Max-Forwards, OPTIONS",
	    "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0" E,
	    "OPTIONS / 1.1 @h keep"),
	RFC("9110 6.6.2", "Trailer", GH "Trailer: Content-Length" E, PLAIN),
	RFC("9110 10.1.4", "TE", GH "TE: trailers, gzip;q=0.5" E, PLAIN),
	/* Expect, RFC 9110 10.1.1 */
	RFC("9110 10.1.1", "expect", POST "Expect: 100-Continue" E,
	    "POST / 1.1 @h keep expect"),
	RFC("9110 10.1.1", "expect something else", POST
	    "Expect: 100-continuum" E, "417"),
	RFC("9110 10.1.1", "expect in 1.0", "POST / HTTP/1.0\r\nExpect: x" E,
	    "POST / 1.0 @ close"),
	RFC("9110 10.1.1", "expect: twice in a list", POST
	    "Expect: 100-continue, 100-continue" E,
	    "POST / 1.1 @h keep expect"),
	RFC("9110 10.1.1", "expect: in two fields", POST
	    "Expect: 100-continue\r\nExpect: 100-continue" E,
	    "POST / 1.1 @h keep expect"),
	RFC("9110 10.1.1", "expect: among empty members", POST
	    "Expect: ,100-continue,," E, "POST / 1.1 @h keep expect"),
	RFC("9110 10.1.1", "expect: nothing", POST "Expect: " E,
	    "POST / 1.1 @h keep"),
	RFC("9110 10.1.1", "expect: nothing but commas", POST "Expect: , ," E,
	    "POST / 1.1 @h keep"),
	RFC("9110 10.1.1", "expect: one we know and one we do not", POST
	    "Expect: 100-continue, x" E, "417"),
	RFC("9110 10.1.1", "expect: one we do not know and one we do", POST
	    "Expect: x, 100-continue" E, "417"),
	RFC("9110 10.1.1", "expect: a parameter", POST
	    "Expect: 100-continue;a=b" E, "417"),
	RFC("9110 10.1.1", "expect: a value", POST "Expect: 100-continue=1" E,
	    "417"),
	RFC("9110 10.1.1", "expect: quotes", POST "Expect: \"100-continue\"" E,
	    "417"),
	RFC("9110 10.1.1", "expect: a number", POST "Expect: 100" E, "417"),
	RFC("9110 10.1.1", "expect: another code", POST
	    "Expect: 102-processing" E, "417"),
	RFC("9110 10.1.1", "expect: unknown in the second field", POST
	    "Expect: 100-continue\r\nExpect: x" E, "417"),
	RFC("9110 10.1.1", "expect, with a length", POST
	    "Expect: 100-continue\r\nContent-Length: 5" E,
	    "POST / 1.1 @h keep length=5 expect"),
	RFC("9110 10.1.1", "expect, with chunks", POST
	    "Transfer-Encoding: chunked\r\nExpect: 100-continue" E,
	    "POST / 1.1 @h keep chunked expect"),
	RFC("9110 10.1.1", "a malformed head goes before an expectation", POST
	    "Expect: x\r\nA b" E, "400"),
	RFC("9110 10.1.1", "expect, without content", GH
	    "Expect: 100-continue" E, "GET / 1.1 @h keep expect"),
	RFC("9110 10.1.1", "100-continue in 1.0 is ignored",
	    "POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue" E,
	    "POST / 1.0 @ close length=5"),
	/* where it ends */
	RFC("9112 2.1", "next request behind", GH "\r\n" "GET ", PLAIN
	    " rest=4"),
	RFC("9112 2.1", "body behind", POST "Content-Length: 3" E "\r\n\0",
	    "POST / 1.1 @h keep length=3 rest=3"),
	RFC("9112 2.1", "nothing", "", "more"),
	RFC("9112 2.1", "line end missing", "GET / HTTP/1.1\r", "more"),
	RFC("9112 2.1", "empty line missing", GH, "more"),
	RFC("9112 2.1", "last byte missing", GH "\r", "more"),
	RFC("9112 2.1", "half a fold", GH "A: b\r\n", "more"),
	RFC("9112 2.1", "body that looks like a head", POST
	    "Content-Length: 18" E "GET / HTTP/1.1" E,
	    "POST / 1.1 @h keep length=18 rest=18"),
	RFC("9112 2.1", "method only", "GET", "more"),
	RFC("9112 2.1", "target not complete", "GET /", "more"),
	RFC("9112 2.1", "query not complete", "GET /?a", "more"),
	RFC("9112 2.1", "version not complete", "GET / HTTP/1", "more"),
	RFC("9112 2.1", "name not complete", GH "A", "more"),
	RFC("9112 2.1", "value not complete", GH "A: b", "more"),
	RFC("9112 2.1", "CR of a value only (CVE-2007-1869)", GH "A: b\r",
	    "more"),
