import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { idOf, type MemberId, type StatementId } from '../../protocol/ids.ts'
import { StartError } from '../../relay/start-error.ts'
import { Store } from '../../relay/store.ts'
import { bytesOf } from '../support/community.ts'
import { temporaryFolder } from '../support/folder.ts'

const id = (label: string) => idOf<StatementId>(bytesOf(label))
const alice = idOf<MemberId>(bytesOf('alice'))
const entry = (label: string) => ({ id: id(label), bytes: bytesOf(`entry ${label}`) })

test('what was written is there in order, byte for byte, after it was opened again', () => {
  const file = join(temporaryFolder(), 'ledger.sqlite')
  const first = new Store(file)
  first.append(0, entry('a'))
  first.append(1, entry('b'))
  first.putProfile(alice, bytesOf('profile'))
  first.putMeta('founding-token', 'secret')
  first.close()
  first.close()

  const store = new Store(file)
  expect(store.size).toBe(2)
  expect(store.entries(0, 10)).toEqual([bytesOf('entry a'), bytesOf('entry b')])
  expect(store.entries(1, 10)).toEqual([bytesOf('entry b')])
  expect(store.entries(0, 1)).toEqual([bytesOf('entry a')])
  expect(store.entries(2, 10)).toEqual([])
  expect(store.indexOf(id('b'))).toBe(1)
  expect(store.indexOf(id('c'))).toBeUndefined()
  expect(store.index(0, 10)).toEqual([
    { index: 0, id: bytesOf('a') },
    { index: 1, id: bytesOf('b') },
  ])
  expect(store.profile(alice)).toEqual(bytesOf('profile'))
  expect(store.meta('founding-token')).toBe('secret')
  store.putMeta('founding-token', undefined)
  expect(store.meta('founding-token')).toBeUndefined()
  store.close()
})

test('an index and an id are each taken once, and the last profile stays', () => {
  const store = new Store(':memory:')
  store.append(0, entry('a'))
  expect(() => store.append(0, entry('b'))).toThrow(/UNIQUE/)
  expect(() => store.append(1, entry('a'))).toThrow(/UNIQUE/)
  expect(store.size).toBe(1)
  store.putProfile(alice, bytesOf('first'))
  store.putProfile(alice, bytesOf('second'))
  expect(store.profile(alice)).toEqual(bytesOf('second'))
})

test('a transaction leaves all or nothing', () => {
  const store = new Store(':memory:')
  const half = () => {
    store.append(0, entry('a'))
    store.putMeta('founding-token', 'x')
    throw new Error('in the middle')
  }
  expect(() => store.transaction(half)).toThrow('in the middle')
  expect(store.size).toBe(0)
  expect(store.meta('founding-token')).toBeUndefined()
  store.transaction(() => store.append(0, entry('a')))
  expect(store.size).toBe(1)
})

test('what is written is there for another reader at once', () => {
  const file = join(temporaryFolder(), 'ledger.sqlite')
  const store = new Store(file)
  const other = new DatabaseSync(file, { readOnly: true })
  store.append(0, entry('a'))
  expect(other.prepare('SELECT count(*) AS n FROM entries').get()).toEqual({ n: 1 })
  other.close()
  store.close()
})

test('a file that is damaged, another program’s or of a newer relay is refused in one sentence', () => {
  const folder = temporaryFolder()
  const path = (name: string) => join(folder, name)
  writeFileSync(path('noise'), bytesOf('noise').toString().repeat(100))
  expect(() => new Store(path('noise'))).toThrow(
    new StartError(`The database ${path('noise')} is damaged: restore the data folder from a backup.`),
  )

  const foreign = new DatabaseSync(path('foreign'))
  foreign.exec('CREATE TABLE notes (text TEXT)')
  foreign.close()
  expect(() => new Store(path('foreign'))).toThrow(
    new StartError(`${path('foreign')} is the database of another program.`),
  )

  new Store(path('newer')).close()
  const newer = new DatabaseSync(path('newer'))
  newer.exec('PRAGMA user_version = 3')
  newer.close()
  expect(() => new Store(path('newer'))).toThrow(
    new StartError(
      `${path('newer')} was written by a newer relay (format 3, this one knows 2): update this one.`,
    ),
  )
})
