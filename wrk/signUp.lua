-- Signs up users that were never there before.
--
--   wrk -t2 -c64 -d10s -s wrk/signUp.lua http://127.0.0.1:8080

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
dofile(here .. "answers.lua")

local PATH = "/api/entrytask/user/signup"
local DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
local HEADERS = { ["Content-Type"] = "application/x-www-form-urlencoded" }

local count = 0

local function base36(number)
  local text = ""
  repeat
    local digit = number % 36
    text = DIGITS:sub(digit + 1, digit + 1) .. text
    number = (number - digit) / 36
  until number == 0
  return text
end

-- 13 characters at most: 6 of the run, 2 of the thread, and room for 60 million names from each thread.
function request()
  count = count + 1
  local name = string.format("%s%02x%s", run:sub(1, 6), number, base36(count))
  return wrk.format("POST", PATH, HEADERS, "username=" .. name .. "&password=teller-demo")
end
