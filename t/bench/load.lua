-- Copyright (C) The ngx_http_ai_gateway_module authors
-- SPDX-License-Identifier: Apache-2.0

-- wrk -s load.lua URL -- BODY-FILE KEY
-- One request again and again; the end is one line of numbers for Load.pm.

function init(args)
    local file = assert(io.open(args[1], "rb"))
    local body = file:read("*a")

    file:close()

    wrk.method = "POST"
    wrk.body = body
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["anthropic-version"] = "2023-06-01"
    wrk.headers["Authorization"] = "Bearer " .. args[2]
end


function done(summary, latency, requests)
    local e = summary.errors

    io.write(string.format("wrk: %d %d %d %d %d %d\n", summary.requests,
        summary.bytes, e.connect + e.read + e.write + e.timeout, e.status,
        latency:percentile(50), latency:percentile(99)))
end
