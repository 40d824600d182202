-- Counts the answers that are no success (as `success` below says; other than errCode "7" by default) and says so at the end, so that a fast run of refusals is not taken
-- for a fast server. Reading every answer costs wrk about as much as sending: on one machine, leave it a core.

local threads = {}

-- Runs once for each thread, in wrk's own state; `number` and `run` are then globals of the thread.
function setup(thread)
  thread:set("number", #threads)
  thread:set("run", RUN)
  table.insert(threads, thread)
end

-- Globals, so that `done` can read them out of each thread.
answered, refused, sample = 0, 0, ""

-- A script for other routes puts its own in this place.
function success(status, body)
  return body:find('"errCode":"7"', 1, true)
end

function response(status, headers, body)
  answered = answered + 1
  if not success(status, body) then
    refused = refused + 1
    sample = status .. " " .. body:sub(1, 120)
  end
end

function done(summary, latency, requests)
  local answered, refused, sample = 0, 0, ""
  for _, thread in ipairs(threads) do
    answered = answered + thread:get("answered")
    refused = refused + thread:get("refused")
    if thread:get("refused") > 0 then sample = thread:get("sample") end
  end
  local errors = summary.errors
  io.write(string.format("Answers:        %d, of which refused: %d\n", answered, refused))
  if refused > 0 then io.write("One of them:    " .. sample .. "\n") end
  io.write(string.format("Socket errors:  %d, time-outs: %d\n", errors.connect + errors.read + errors.write, errors.timeout))
  for _, percent in ipairs({ 50, 90, 99, 99.9 }) do
    io.write(string.format("p%-6g         %9.2f ms\n", percent, latency:percentile(percent) / 1000))
  end
end

-- Differs from run to run, so that names made from it were never there before.
local random = assert(io.open("/dev/urandom", "rb"))
local bytes = { random:read(4):byte(1, 4) }
random:close()
RUN = string.format("%02x%02x%02x%02x", unpack(bytes))
