-- Moves 0.01 from one's own account to a random one, as random users out of many.
--
--   teller seed accounts 10000
--   wrk/sessions http://127.0.0.1:8080 10000 > sessions
--   TELLER_SESSIONS=sessions TELLER_FIRST_ACCOUNT=ID wrk -t1 -c200 -d10s -s wrk/transfer.lua http://127.0.0.1:8080
--
-- The accounts are numbered from TELLER_FIRST_ACCOUNT on, as `teller seed accounts` says, in the order of their users. With two sessions
-- all traffic hits two accounts. With TELLER_ACCOUNTS=N money goes to any of N accounts, of whose users those with a session pay: every
-- TELLER_STEP-th, as `wrk/sessions` was told.

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
dofile(here .. "answers.lua")

local first = tonumber(os.getenv("TELLER_FIRST_ACCOUNT") or 1)
local step = tonumber(os.getenv("TELLER_STEP") or 1)
local headers = {}
-- In parentheses, because `assert` answers its second argument too.
for session in io.lines((assert(os.getenv("TELLER_SESSIONS"), "TELLER_SESSIONS must name a file with a session id in each line"))) do
  table.insert(headers, { ["Content-Type"] = "application/json", Cookie = "sessionID=" .. session })
end

local accounts = tonumber(os.getenv("TELLER_ACCOUNTS") or #headers)

function success(status, body)
  return status == 201
end

function init(args)
  math.randomseed(tonumber(run, 16) + number)
end

function request()
  local payer = math.random(#headers)
  local from = (payer - 1) * step
  -- Any other than that.
  local to = (from + math.random(accounts - 1)) % accounts
  local body = string.format('{"from_account_id":%d,"to_account_id":%d,"amount":"0.01","currency":"CNY"}', first + from, first + to)
  return wrk.format("POST", "/v1/transfers", headers[payer], body)
end
