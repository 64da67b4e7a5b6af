import process from 'node:process'
import { systemClock } from '../node/ports/clock.ts'
import { systemRandom } from '../node/ports/random.ts'
import { type Config, readConfig } from './config/config.ts'
import { openDataFolder } from './data-folder.ts'
import { createLog } from './log.ts'
import { addLogKey } from './log-keys.ts'
import { type Relay, startRelay } from './relay.ts'
import { StartError } from './start-error.ts'

/** Exit statuses: what was asked for was done; it could not be; it was asked for in a wrong way. */
const DONE = 0
const FAILED = 1
const MISUSED = 2

/** A stop that takes longer than this has gone wrong; nothing that was promised is lost by ending then. Milliseconds. */
const STOP_TIME = 4_500

const outcome = readConfig(process.argv.slice(2), process.env, process.cwd())
switch (outcome.kind) {
  case 'help':
    process.stdout.write(outcome.text)
    break
  case 'mistakes':
    for (const mistake of outcome.mistakes) console.error(mistake)
    process.exitCode = MISUSED
    break
  case 'next-log-key':
    await makeLogKey(outcome.data)
    break
  case 'config':
    await run(outcome.config)
}

async function makeLogKey(data: string): Promise<void> {
  try {
    const folder = openDataFolder(data)
    console.log(await addLogKey(folder))
    folder.close()
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    console.error(error.message)
    process.exitCode = FAILED
  }
}

async function run(config: Config): Promise<void> {
  const log = createLog(config.logLevel)
  let relay: Relay
  try {
    relay = await startRelay(config, { clock: systemClock, random: systemRandom, log })
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    console.error(error.message)
    // Parts that did start may have left threads behind.
    process.exit(FAILED)
  }

  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(FAILED)
      stopping = true
      log.info({ signal }, 'the relay stops')
      setTimeout(() => {
        log.error('the relay did not stop in time')
        process.exit(FAILED)
      }, STOP_TIME)
      // libp2p's native threads outlive it: the process has to be ended.
      relay.stop().then(
        () => process.exit(DONE),
        (error: unknown) => {
          log.error({ err: error }, 'the relay did not stop cleanly')
          process.exit(FAILED)
        },
      )
    })
  }
  introduce(relay, config)
}

/** Tells the person at the terminal what to open. */
function introduce(relay: Relay, config: Config): void {
  const lines = [`Palabre is at ${relay.origin}`, `Data folder: ${config.data}`]
  if (!relay.hasApp) lines.push('The web app is not built: run npm run build.')
  if (relay.foundingLink !== undefined)
    lines.push(
      `Found the community with this link, which works once and is for you alone:\n${relay.foundingLink}`,
    )
  console.log(lines.join('\n'))
}
