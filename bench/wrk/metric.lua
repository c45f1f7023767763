-- Posts the body of a file. `%SEQ%` in it becomes another text in each request: a label value, so
-- that no two requests are the same question. Prints what wrk saw as one line of JSON.
--
--   wrk … -s metric.lua URL -- BODY_FILE [KEY]

local before, after, key

function init(arguments)
  local file = assert(io.open(arguments[1]))
  local body = file:read("*a")
  file:close()
  key = arguments[2] or ""
  local from, to = body:find("%SEQ%", 1, true)
  before = from and body:sub(1, from - 1) or body
  after = from and body:sub(to + 1)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if not after then
    wrk.body = before
    local whole = wrk.format()
    request = function() return whole end
  end
end

local sequence = 0

function request()
  sequence = sequence + 1
  return wrk.format(nil, nil, nil, before .. key .. sequence .. after)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"bytes":%d,"bad":%d,"p50_ms":%.4f,"p99_ms":%.4f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
