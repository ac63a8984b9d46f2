# Raw runs to medians over the rounds, in order of appearance.
#
# In:	workload round server us requests/s rss pss idle-bytes
# Out:	workload server us x-floor x-nginx requests/s rss pss idle-bytes
# A ratio is taken within its round, then the median of the ratios ("-" when
# there is nothing to compare with).

function median(key,    n, i, j, v, t) {
	n = count[key]
	if (n == 0)
		return "-"
	for (i = 1; i <= n; i++)
		v[i] = value[key, i]
	for (i = 2; i <= n; i++) {
		t = v[i]
		for (j = i - 1; j >= 1 && v[j] > t; j--)
			v[j + 1] = v[j]
		v[j + 1] = t
	}
	if (n % 2 == 1)
		return v[(n + 1) / 2]
	return (v[n / 2] + v[n / 2 + 1]) / 2
}

function note(key, x) {
	value[key, ++count[key]] = x
}

{
	pair = $1 " " $3
	if (!(pair in seen)) {
		seen[pair] = 1
		order[++pairs] = pair
	}
	us[$1, $2, $3] = $4
	if ($2 > rounds)
		rounds = $2
	note(pair ",us", $4)
	for (i = 5; i <= 8; i++)
		if ($i != "-")
			note(pair "," i, $i + 0)
}

function ratios(pair, base,    p, r) {
	split(pair, p, " ")
	for (r = 1; r <= rounds; r++)
		if ((p[1], r, p[2]) in us && (p[1], r, base) in us)
			note(pair "," base, us[p[1], r, p[2]] / us[p[1], r, base])
}

function show(x, form) {
	return x == "-" ? " -" : sprintf(" " form, x)
}

END {
	for (k = 1; k <= pairs; k++) {
		ratios(order[k], "floor")
		ratios(order[k], "nginx")
		line = order[k] show(median(order[k] ",us"), "%.3f")
		line = line show(median(order[k] ",floor"), "%.3f")
		line = line show(median(order[k] ",nginx"), "%.3f")
		for (i = 5; i <= 8; i++)
			line = line show(median(order[k] "," i), "%.0f")
		print line
	}
}
