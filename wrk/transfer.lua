-- Moves 0.01 between two random accounts out of many, as an operator, who may move anybody's money.
--
--   teller seed accounts 10000
--   TELLER_SESSION=$(wrk/session http://127.0.0.1:8080 operator) TELLER_ACCOUNTS=10000 TELLER_FIRST_ACCOUNT=ID \
--     wrk -t1 -c200 -d10s -s wrk/transfer.lua http://127.0.0.1:8080
--
-- The accounts are numbered from TELLER_FIRST_ACCOUNT on, as `teller seed accounts` says. With TELLER_ACCOUNTS=2 all traffic hits two.

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
dofile(here .. "answers.lua")

local session = os.getenv("TELLER_SESSION") or ""
local accounts = tonumber(os.getenv("TELLER_ACCOUNTS") or 10000)
local first = tonumber(os.getenv("TELLER_FIRST_ACCOUNT") or 1)
local HEADERS = { ["Content-Type"] = "application/json", Cookie = "sessionID=" .. session }

function success(status, body)
  return status == 201
end

function init(args)
  math.randomseed(tonumber(run, 16) + number)
end

function request()
  local from = math.random(accounts) - 1
  -- Any other than that.
  local to = (from + math.random(accounts - 1)) % accounts
  local body = string.format('{"from_account_id":%d,"to_account_id":%d,"amount":"0.01","currency":"CNY"}', first + from, first + to)
  return wrk.format("POST", "/v1/transfers", HEADERS, body)
end
