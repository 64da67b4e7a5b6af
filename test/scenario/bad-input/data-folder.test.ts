import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pino from 'pino'
import { expect, test } from 'vitest'
import { systemClock } from '../../../node/ports/clock.ts'
import { systemRandom } from '../../../node/ports/random.ts'
import type { Config } from '../../../relay/config/config.ts'
import { startRelay } from '../../../relay/relay.ts'
import { StartError } from '../../../relay/start-error.ts'
import { devicesOf, found, openLog, promised } from '../../relay/tree/log-rig.ts'
import { bytesOf } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'

const CONFIG: Omit<Config, 'data'> = {
  port: 0,
  host: 'localhost',
  url: undefined,
  announce: [],
  tls: undefined,
  ice: [],
  witnesses: [],
  witnessOf: [],
  mirrors: [],
  maxPeers: 100,
  mediaProcesses: 1,
  mediaPorts: [],
  mediaAddresses: [],
  logLevel: 'silent',
}
const PARTS = { clock: systemClock, random: systemRandom, log: pino({ level: 'silent' }) }

/** A data folder whose owner, disk or enemy has spoiled a file of it. */
const CASES: readonly (readonly [string, (data: string) => void, RegExp])[] = [
  [
    'a database of noise',
    (data) => writeFileSync(join(data, 'ledger.sqlite'), Buffer.alloc(8192, 'noise')),
    /^The database \S+ is damaged: restore the data folder from a backup\.$/,
  ],
  [
    'the database of another program',
    (data) => inDatabase(data, 'PRAGMA application_id = 1'),
    /^\S+ is the database of another program\.$/,
  ],
  [
    'the database of a relay to come',
    (data) => inDatabase(data, 'PRAGMA user_version = 99'),
    /^\S+ was written by a newer relay \(format 99, this one knows \d+\): update this one\.$/,
  ],
  [
    'an entry that was changed',
    (data) => inDatabase(data, "UPDATE entries SET entry = x'a0' WHERE idx = 4"),
    /^Entry 4 of the ledger in the data folder is damaged \(field-missing\): restore the folder from a backup\.$/,
  ],
  [
    'an entry that was taken out',
    (data) => inDatabase(data, 'DELETE FROM entries WHERE idx = 4'),
    /^Entry \d of the ledger in the data folder is damaged \([a-z-]+\): restore the folder from a backup\.$/,
  ],
  [
    'a key that is cut short',
    (data) => writeFileSync(join(data, 'log.key'), bytesOf('log').subarray(0, 31)),
    /^The key file \S+ cannot be used: .*\.$/,
  ],
  [
    'the key of another log',
    (data) => writeFileSync(join(data, 'log.key'), bytesOf('another log')),
    /^The log key in the data folder is not one that the community’s log has or had: restore it from a backup\.$/,
  ],
  [
    'a note of what was signed that cannot be read',
    (data) => writeFileSync(join(data, 'log.high-water'), 'six'),
    /^The file \S+ is damaged: restore the data folder from a backup\.$/,
  ],
  [
    'a note of another tree that was signed',
    (data) => {
      const file = join(data, 'log.high-water')
      const lines = readFileSync(file, 'utf8').split('\n')
      lines[2] = Buffer.from(bytesOf('another tree')).toString('base64')
      writeFileSync(file, lines.join('\n'))
    },
    /^The ledger in the data folder is not the one that this relay signed at 6 entries: restore the folder from a newer backup\.$/,
  ],
]

test('a relay does not start on a spoiled data folder, says why in one sentence, and changes nothing in it', async () => {
  const whole = temporaryFolder()
  const rig = await openLog(whole)
  const founded = await found(rig)
  for (const statement of await devicesOf(founded, 3)) promised(await rig.keeper.submit(statement))
  await rig.publisher.begin()
  rig.close()
  writeFileSync(join(whole, 'log.key'), bytesOf('log'), { mode: 0o600 })

  for (const [name, spoil, sentence] of CASES) {
    const data = temporaryFolder()
    cpSync(whole, data, { recursive: true })
    spoil(data)
    const before = filesOf(data)
    const error = await startRelay({ ...CONFIG, data }, PARTS).catch((cause: unknown) => cause)
    // Its message is what the relay says as it ends.
    expect(error, name).toBeInstanceOf(StartError)
    expect((error as StartError).message, name).toMatch(sentence)
    expect(filesOf(data), name).toEqual(before)
  }
})

function inDatabase(data: string, sql: string): void {
  const database = new DatabaseSync(join(data, 'ledger.sqlite'))
  database.exec(sql)
  database.close()
}

/** Everything that could be lost: the database by its content, because SQLite tidies its files up; what is made empty does not count. */
function filesOf(data: string): unknown {
  return readdirSync(data, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^ledger\.sqlite-/.test(name))
    .map((name) => [name, join(data, name)] as const)
    .filter(([, path]) => statSync(path).isFile() && statSync(path).size > 0)
    .map(([name, path]) => [name, createHash('sha256').update(readFileSync(path)).digest('hex')])
}
