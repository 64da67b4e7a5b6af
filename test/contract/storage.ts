import type { Storage } from '../../node/ports/storage.ts'

/** What every adapter of `Storage` must do, on an empty one. Plain cases without a test runner, so that they also run inside a page. */
export interface StorageCase {
  readonly name: string
  run(storage: Storage): Promise<void>
}

export const STORAGE_CONTRACT: readonly StorageCase[] = [
  {
    name: 'gives what was put last, and nothing where nothing is',
    async run(storage) {
      same(await storage.get('a/1'), undefined)
      await storage.put('a/1', { text: 'one' })
      await storage.put('a/1', { text: 'two' })
      same(await storage.get('a/1'), { text: 'two' })
    },
  },
  {
    name: 'keeps bytes, and not the array that they were in',
    async run(storage) {
      const bytes = Uint8Array.of(1, 2, 3)
      await storage.put('bytes', bytes)
      await storage.putAll([['more', { bytes }]])
      bytes[0] = 9
      same([...((await storage.get('bytes')) as Uint8Array)], [1, 2, 3])
      same([...((await storage.get('more')) as { bytes: Uint8Array }).bytes], [1, 2, 3])
      ;((await storage.get('bytes')) as Uint8Array)[0] = 9
      same([...((await storage.get('bytes')) as Uint8Array)], [1, 2, 3])
    },
  },
  {
    name: 'keeps a key that cannot be read, and it still signs',
    async run(storage) {
      const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
      await storage.put('key', { privateKey: pair.privateKey })
      const { privateKey } = (await storage.get('key')) as { privateKey: CryptoKey }
      same(privateKey.extractable, false)
      const message = Uint8Array.of(7)
      const signature = await crypto.subtle.sign('Ed25519', privateKey, message)
      same(await crypto.subtle.verify('Ed25519', pair.publicKey, signature, message), true)
    },
  },
  {
    name: 'puts all of several or none',
    async run(storage) {
      await storage.putAll([
        ['a', 1],
        ['b', 2],
      ])
      same(await storage.list(''), [
        ['a', 1],
        ['b', 2],
      ])
      const unkeepable = () => {}
      await fails(
        storage.putAll([
          ['a', 3],
          ['c', unkeepable],
          ['d', 4],
        ]),
      )
      same(await storage.list(''), [
        ['a', 1],
        ['b', 2],
      ])
      await storage.putAll([])
    },
  },
  {
    name: 'fails when something cannot be kept, and keeps what was there',
    async run(storage) {
      await storage.put('a', 1)
      await fails(storage.put('a', () => {}))
      same(await storage.get('a'), 1)
    },
  },
  {
    name: 'lists what is under a prefix, in the order of the keys',
    async run(storage) {
      for (const key of [
        'ledger/b/2',
        'ledger/a/10',
        'ledger/a/02',
        'ledger/ab',
        'ledgers',
        'card/x',
        'ledger/a/é',
      ])
        await storage.put(key, key)
      const keys = async (prefix: string) => (await storage.list(prefix)).map(([key]) => key)
      same(await keys('ledger/a/'), ['ledger/a/02', 'ledger/a/10', 'ledger/a/é'])
      same(await keys('ledger/a'), ['ledger/a/02', 'ledger/a/10', 'ledger/a/é', 'ledger/ab'])
      same(await keys('nothing'), [])
      same((await keys('')).length, 7)
    },
  },
  {
    name: 'forgets what is deleted, and minds nothing where nothing is',
    async run(storage) {
      await storage.put('a/1', 1)
      await storage.put('a/2', 2)
      await storage.delete('a/1')
      await storage.delete('a/3')
      same(await storage.get('a/1'), undefined)
      same(await storage.list('a/'), [['a/2', 2]])
    },
  },
]

function same(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`expected ${b}, got ${a}`)
}

/** With which error is for the platform to say: it is the caller who brought something that cannot be kept. */
async function fails(promise: Promise<unknown>): Promise<void> {
  const failed = await promise.then(
    () => false,
    () => true,
  )
  if (!failed) throw new Error('it did not fail')
}
