import { encodeEntry } from '../../protocol/community/entry.ts'
import { communityOf, GENESIS } from '../../protocol/community/genesis.ts'
import { DEFAULT_POLICY, type Policy } from '../../protocol/community/policy.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import { NO_COMMUNITY, seal } from '../../protocol/envelope.ts'
import { DEVICE_ADD } from '../../protocol/identity/device.ts'
import { IDENTITY, memberOf } from '../../protocol/identity/identity.ts'
import type { KeyText, StatementId } from '../../protocol/ids.ts'
import { createVerifier, type Signer } from '../../protocol/signature.ts'
import { type WrittenLedger, writtenLedger } from './chronicle.ts'
import { diceFrom } from './dice.ts'
import { welcome } from './growth.ts'
import { inOrder } from './keeping.ts'
import { keysFrom } from './keys.ts'
import type { World } from './world.ts'
import { write } from './write.ts'

/** 2026-01-01T00:00Z, a whole minute. Seconds. */
const FOUNDED_AT = 1_767_225_600
const FOUNDERS = 3
const COUNCIL_NEEDED = 2
const WITNESSES = 3
const WITNESSES_NEEDED = 2

export interface Founded {
  readonly world: World & { readonly chronicle: WrittenLedger }
  /** The key of the log, and those of its witnesses. */
  readonly log: Signer
  readonly witnesses: readonly Signer[]
}

/** A community with its founders and nobody else. @param take is given every entry @param witnessed how many witnesses it names */
export async function found(
  seed: string,
  mode: Policy['mode'],
  take: (entry: Uint8Array) => void,
  witnessed = WITNESSES,
): Promise<Founded> {
  const keys = keysFrom(seed)
  const roots = Array.from({ length: FOUNDERS }, (_, i) => `root ${i}`)
  const signers = roots.map((root) => keys.signer(root))
  const founders = new Map<KeyText, string>(
    signers.map(({ publicKey }, i) => [publicKey, roots[i] as string]),
  )
  const log = keys.signer('log')
  const witnesses = Array.from({ length: witnessed }, (_, i) => keys.signer(`witness ${i}`))
  const sorted = inOrder(founders.keys())
  const genesis = await seal(
    GENESIS,
    NO_COMMUNITY,
    {
      name: `Village ${seed}`.slice(0, 40),
      nonce: keys.seed('nonce'),
      founders: sorted,
      council: { k: COUNCIL_NEEDED, keys: sorted },
      log: log.publicKey,
      witnesses: {
        k: Math.min(WITNESSES_NEEDED, witnessed),
        keys: inOrder(witnesses.map(({ publicKey }) => publicKey)),
      },
      policy: { ...DEFAULT_POLICY, mode },
      at: FOUNDED_AT,
    },
    signers,
  )
  const entry = encodeEntry({ at: FOUNDED_AT, e: genesis.bytes })
  const begun = await beginLedger(createVerifier(), entry)
  if (!begun.ok) throw new TypeError(`not a genesis: ${begun.reason}`)
  take(entry)
  const world: Founded['world'] = {
    community: communityOf(genesis),
    keys,
    dice: diceFrom(seed),
    chronicle: writtenLedger(begun.value, take),
    now: FOUNDED_AT,
    people: [],
    byId: new Map(),
    pending: [],
    free: [],
    waiting: [],
    waited: 0,
    rooms: [],
    received: new Map(),
    claimers: new Set(),
    noticed: [],
    bans: [],
    founders,
    count: 0,
  }
  for (const root of roots) await enter(world, root)
  return { world, log, witnesses }
}

/** A founder comes in, with a first device. */
async function enter(world: World, root: string): Promise<void> {
  const { keys, now: at } = world
  const signer = keys.signer(root)
  const identity = await write(
    world,
    IDENTITY,
    { root: signer.publicKey, profile: keys.seed(`profile of ${root}`), n: 0, at },
    [signer],
  )
  const device = `device of ${root}`
  const added = keys.signer(device)
  const m = memberOf(identity.envelope)
  const payload = { m, device: added.publicKey, n: 1, prev: identity.id as StatementId, at }
  await write(world, DEVICE_ADD, payload, [signer, added])
  welcome(world, m, root, device)
}
