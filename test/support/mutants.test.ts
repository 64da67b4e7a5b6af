import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LEDGER_MUTANTS } from '../mutants/ledger.ts'
import { LOG_MUTANTS } from '../mutants/log.ts'
import { mutate } from '../mutants/mutant.ts'
import { ROOM_MUTANTS } from '../mutants/room.ts'
import { VALIDATOR_MUTANTS } from '../mutants/validators.ts'
import { VOICE_MUTANTS } from '../mutants/voice.ts'

const house = join(import.meta.dirname, '../..')

// The long run breaks one rule after the other, for an hour; a rule that was rewritten must not end it at the first.
test.each([...LEDGER_MUTANTS, ...LOG_MUTANTS, ...ROOM_MUTANTS, ...VALIDATOR_MUTANTS, ...VOICE_MUTANTS])(
  '$rule can still be broken so that it $does',
  (mutant) => {
    const source = readFileSync(join(house, mutant.file), 'utf8')
    expect(mutate(source, mutant)).not.toBe(source)
  },
)
