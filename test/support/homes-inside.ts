/**
 * The inner half of homes.ts, run as the first process of a fresh network namespace: `homes-inside.ts <gateway> <port>`.
 * What is connected to on this port of the loopback inside goes to the same port of the gateway. Ends with its standard input.
 */

import { execFileSync } from 'node:child_process'
import { createServer, connect as dial } from 'node:net'

const [gateway, port] = process.argv.slice(2)
execFileSync('ip', ['link', 'set', 'lo', 'up'])
const server = createServer((near) => {
  const far = dial(Number(port), gateway)
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.pipe(other)
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
})
server.listen(Number(port), '127.0.0.1', () => console.log('open'))
process.stdin.on('close', () => process.exit()).resume()
