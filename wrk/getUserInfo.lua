-- Reads the profile of one signed-in user.
--
--   TELLER_SESSION=$(wrk/session) wrk -t2 -c64 -d10s -s wrk/getUserInfo.lua http://127.0.0.1:8080

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
dofile(here .. "answers.lua")

local session = os.getenv("TELLER_SESSION") or ""
if not session:match("^%x+$") then
  io.stderr:write("TELLER_SESSION must be a session id: TELLER_SESSION=$(wrk/session) wrk ...\n")
  os.exit(1)
end

local bytes

-- The same bytes every time, made once.
function init(args)
  bytes = wrk.format("GET", "/api/entrytask/user/get_user_info", { Cookie = "sessionID=" .. session })
end

function request()
  return bytes
end
