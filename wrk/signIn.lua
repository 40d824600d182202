-- Signs in random users out of those that `teller seed users` has made.
--
--   teller seed users 1000
--   TELLER_USERS=1000 wrk -t2 -c64 -d10s -s wrk/signIn.lua http://127.0.0.1:8080

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
dofile(here .. "answers.lua")

local PATH = "/api/entrytask/user/signin"
local HEADERS = { ["Content-Type"] = "application/x-www-form-urlencoded" }
local USERS = tonumber(os.getenv("TELLER_USERS") or 1000)

function init(args)
  math.randomseed(tonumber(run, 16) + number)
end

function request()
  local name = string.format("user%09d", math.random(USERS))
  return wrk.format("POST", PATH, HEADERS, "username=" .. name .. "&password=teller-demo")
end
