"""The scripts by which Redis changes: all of a run of outcomes or nothing of it; a progress forgotten."""

WRITE = """
-- Writes one run of outcomes of one partition: progress is claimed first, hints are published last.
-- KEYS: progress, then every snapshot's key, then every result's key.
-- ARGV: progress as it must be now ('' absent), progress to be ('' leave it), numbers of snapshots and results;
--   per snapshot: version, expiry, number of fields and values, these;
--   per result: expiry, '1' for a repeated command, body;  per hint: channel, body.
-- Returns 1, or 0 when the progress is another one; then nothing was written.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
local snapshots, results, at = tonumber(ARGV[3]), tonumber(ARGV[4]), 5
for i = 1, snapshots do
  local key, version, expiry, count = KEYS[1 + i], tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 3
  if version > tonumber(redis.call('HGET', key, 'version') or '0') then
    redis.call('DEL', key)
    redis.call('HSET', key, unpack(ARGV, at, at + count - 1))
    redis.call('PEXPIREAT', key, expiry)
  end
  at = at + count
end
for i = 1, results do
  local key, expiry, repeated, body = KEYS[1 + snapshots + i], ARGV[at], ARGV[at + 1], ARGV[at + 2]
  at = at + 3
  if repeated == '1' then
    redis.call('SET', key, body, 'PXAT', expiry, 'NX')
  else
    redis.call('SET', key, body, 'PXAT', expiry)
  end
end
if ARGV[2] ~= '' then
  redis.call('SET', KEYS[1], ARGV[2])
end
while at < #ARGV do
  redis.call('PUBLISH', ARGV[at], ARGV[at + 1])
  at = at + 2
end
return 1
"""

ERASE = """
-- Removes keys of one partition while its progress is as it must be, so that a worker that was stalled does not
-- empty what another one has built meanwhile.
-- KEYS: progress, then what goes, which may be the progress itself.  ARGV: the progress as it must be.
-- Returns 1, or 0 when the progress is another one; then nothing was removed.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
for i = 2, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
return 1
"""
