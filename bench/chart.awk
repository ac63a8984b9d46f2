# Medians (median.awk's output) as an SVG: a bar for each server and workload,
# its length the cost as a multiple of the floor's. "titles" as in table.awk.
# Bars longer than the scale are cut and end in an arrow; the figure is exact.

BEGIN {
	while ((getline line < titles) > 0) {
		name = line
		sub(/ .*/, "", name)
		sub(/^[^ ]* /, "", line)
		title[name] = line
	}
	left = 110; right = 60; width = 760; most = 4
	scale = (width - left - right) / most
	y = 74
}

function px(x) {
	return left + (x > most ? most : x) * scale
}

function text(x, at, class, s) {
	words = words sprintf("<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s" \
	    "</text>\n", x, at, class, s)
}

function bar(server, x,    class, end) {
	class = server ~ /^glimd/ ? "own" : "peer"
	end = px(x)
	text(left - 8, y + 10.5, "name " class "n", server)
	body = body sprintf("<path class=\"%s\" d=\"M%d %.1fH%.1f%sV%.1fH%d" \
	    "z\"/>\n", class, left, y, end, x > most ? \
	    sprintf("l6 6.5l-6 6.5") : "", y + 13, left)
	text(end + (x > most ? 11 : 5), y + 10.5, "value " class "n",
	    sprintf("%.2f", x))
	y += 16
}

$2 == "floor" || $4 == "-" { next }

$1 != last {
	last = $1
	y += 22
	text(left, y - 6, "group", title[$1])
}

{ bar($2, $4) }

END {
	height = y + 16
	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" " \
	    "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n", width,
	    height, width, height)
	print "<title>Server CPU time for each request, floor = 1</title>"
	print "<style>"
	print "text{font:12px system-ui,sans-serif;fill:#1f2328}"
	print ".head{font-size:17px;font-weight:600}"
	print ".group{font-weight:600;paint-order:stroke;stroke-width:5px}"
	print ".group{stroke:#fff}"
	print ".sub,.tick,.peern,.value{fill:#59636e}.name{text-anchor:end}"
	print ".tick{text-anchor:middle}.ownn{fill:#0b57b0;font-weight:600}"
	print ".back{fill:#fff}.own{fill:#1769d2}.peer{fill:#aab4c0}"
	print ".grid{stroke:#d8dee4}.floor{stroke:#1f2328;" \
	    "stroke-dasharray:3 3}"
	print "@media (prefers-color-scheme:dark){text{fill:#e6edf3}"
	print ".sub,.tick,.peern,.value{fill:#9aa5b1}.ownn{fill:#79b8ff}"
	print ".group{stroke:#0d1117}.back{fill:#0d1117}.own{fill:#4c9bff}.peer{fill:#56606c}"
	print ".grid{stroke:#262d36}.floor{stroke:#e6edf3}}"
	print "</style>"
	printf("<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n", width,
	    height)
	print "<text x=\"16\" y=\"28\" class=\"head\">Server CPU time for " \
	    "each request</text>"
	print "<text x=\"16\" y=\"47\" class=\"sub\">as a multiple of the " \
	    "floor, a bare epoll loop; shorter is better</text>"
	for (i = 0; i <= most; i++) {
		printf("<text x=\"%.1f\" y=\"72\" class=\"tick\">%s</text>\n",
		    px(i), i == 1 ? "floor" : i)
		line = sprintf("<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"78\" " \
		    "y2=\"%d\"/>\n", i == 1 ? "floor" : "grid", px(i), px(i),
		    height - 10)
		if (i == 1)
			body = body line
		else
			printf("%s", line)
	}
	printf("%s%s</svg>\n", body, words)
}
