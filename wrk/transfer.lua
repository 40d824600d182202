-- Moves 0.01 from one's own account to a random one, as random users out of many.
--
--   teller seed accounts 10000
--   wrk/sessions http://127.0.0.1:8080 10000 > sessions
--   TELLER_SESSIONS=sessions TELLER_FIRST_ACCOUNT=ID wrk -t1 -c200 -d10s -s wrk/transfer.lua http://127.0.0.1:8080
--
-- The accounts are numbered from TELLER_FIRST_ACCOUNT on, as `teller seed accounts` says, in the order of their users. With two sessions
-- all traffic hits two accounts.

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
dofile(here .. "answers.lua")

local first = tonumber(os.getenv("TELLER_FIRST_ACCOUNT") or 1)
local headers = {}
for session in io.lines(assert(os.getenv("TELLER_SESSIONS"), "TELLER_SESSIONS must name a file with a session id in each line")) do
  table.insert(headers, { ["Content-Type"] = "application/json", Cookie = "sessionID=" .. session })
end

function success(status, body)
  return status == 201
end

function init(args)
  math.randomseed(tonumber(run, 16) + number)
end

function request()
  local from = math.random(#headers)
  -- Any other than that.
  local to = (from - 1 + math.random(#headers - 1)) % #headers + 1
  local body = string.format('{"from_account_id":%d,"to_account_id":%d,"amount":"0.01","currency":"CNY"}', first + from - 1, first + to - 1)
  return wrk.format("POST", "/v1/transfers", headers[from], body)
end
