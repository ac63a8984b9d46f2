# Medians (median.awk's output) as a table to read. "titles" is a file of
# lines "workload title".

BEGIN {
	while ((getline line < titles) > 0) {
		name = line
		sub(/ .*/, "", name)
		sub(/^[^ ]* /, "", line)
		title[name] = line
	}
}

$1 != last {
	last = $1
	unit = $1 == "start" ? "us to answer" : "CPU us/req"
	printf("%s%s\n", NR > 1 ? "\n" : "", title[$1])
	printf("  %-14s %12s %8s %8s %10s %9s %9s%s\n", "server", unit,
	    "x floor", "x nginx", "req/s", "RSS KiB", "PSS KiB",
	    $1 == "idle" ? "  bytes/idle" : "")
}

{
	printf("  %-14s %12.2f %8s %8s %10s %9s %9s%s\n", $2, $3,
	    $4 == "-" ? "-" : sprintf("%.2f", $4),
	    $5 == "-" ? "-" : sprintf("%.2f", $5), $6, $7, $8,
	    $1 == "idle" ? sprintf("  %10s", $9) : "")
}
