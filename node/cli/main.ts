import process from 'node:process'
import { text } from 'node:stream/consumers'
import { COMMANDS } from './commands.ts'
import { EXIT } from './failure.ts'
import { runProgram } from './program.ts'
import { readUnseen } from './unseen.ts'

const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  // The second time the person means it: the command is not asked any more.
  process.once(signal, () => ending.abort())
}
// Whoever read our output has had enough of it (`palabre … | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

try {
  process.exitCode = await runProgram(process.argv.slice(2), COMMANDS, {
    stdout: process.stdout,
    stderr: process.stderr,
    folder: process.cwd(),
    signal: ending.signal,
    watched: process.stderr.isTTY === true,
    now: () => performance.now(),
    // Somebody who types is not shown what: it is a secret, and screens are seen.
    readStdin: () => (process.stdin.isTTY ? readUnseen() : text(process.stdin)),
  })
} catch (error) {
  // A bug: whoever reports it needs the stack. The status must not say that something is wrong with what was checked.
  console.error(error)
  process.exitCode = EXIT.failed
}
