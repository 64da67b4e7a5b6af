import process from 'node:process'
import { workerCrew } from '../audit/worker-crew.ts'
import { COMMANDS } from './commands.ts'
import { EXIT } from './failure.ts'
import { runProgram } from './program.ts'
import { readUnseen } from './unseen.ts'

/** A phrase has some 200 characters, and nothing else is read from standard input. Bytes. */
const LONGEST_INPUT = 65_536

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
    readStdin: () => (process.stdin.isTTY ? readUnseen() : readStdin()),
    crew: workerCrew,
  })
} catch (error) {
  // A bug: whoever reports it needs the stack. The status must not say that something is wrong with what was checked.
  console.error(error)
  process.exitCode = EXIT.failed
}
// Threads of WebRTC outlive its connections, and would keep the process. What was said is out first.
process.stdout.write('', () => process.stderr.write('', () => process.exit()))

/** To its end, or as far as anything that is read there is long: some inputs have no end. */
async function readStdin(): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    parts.push(part)
    length += part.length
    if (length >= LONGEST_INPUT) break
  }
  return Buffer.concat(parts).toString('utf8', 0, LONGEST_INPUT)
}
