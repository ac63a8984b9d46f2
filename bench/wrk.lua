-- Requests that wrk's command line cannot say, and one line of results.
--
--	wrk -s wrk.lua URL -- pipeline DEPTH	DEPTH copies in one write
--	wrk -s wrk.lua URL -- files COUNT	URL/NN/NN.html, each in its turn
--	wrk -s wrk.lua URL -- hosts COUNT	of h0.example.com and so on

function init(args)
	local count = tonumber(args[2] or 0)
	local made, at = {}, 0

	if args[1] == "pipeline" then
		local all = string.rep(wrk.format(), count)
		request = function() return all end
	elseif args[1] == "files" then
		for i = 0, count - 1 do
			made[i] = wrk.format("GET", string.format(
			    "%s/%02d/%02d.html", wrk.path, i / 100, i % 100))
		end
		request = function()
			at = (at + 1) % count
			return made[at]
		end
	elseif args[1] == "hosts" then
		for i = 0, count - 1 do
			wrk.headers["Host"] = "h" .. i .. ".example.com"
			made[i] = wrk.format()
		end
		request = function()
			at = (at + 1) % count
			return made[at]
		end
	end
end

-- requests, microseconds, bytes, failures of the socket, statuses above 399
function done(summary, latency, requests)
	local e = summary.errors

	io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests,
	    summary.duration, summary.bytes,
	    e.connect + e.read + e.write + e.timeout, e.status))
end
