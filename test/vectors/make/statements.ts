import { encodeValue } from '../../../protocol/codec.ts'
import { PROMISE } from '../../../protocol/community/entry.ts'
import { GENESIS } from '../../../protocol/community/genesis.ts'
import { INVITE } from '../../../protocol/community/invite.ts'
import { JOIN } from '../../../protocol/community/join.ts'
import { DOMAIN } from '../../../protocol/domains.ts'
import { NO_COMMUNITY, seal } from '../../../protocol/envelope.ts'
import { derive } from '../../../protocol/hash.ts'
import { DEVICE_ADD } from '../../../protocol/identity/device.ts'
import { IDENTITY } from '../../../protocol/identity/identity.ts'
import { PROFILE } from '../../../protocol/identity/profile.ts'
import { idBytes, type KeyText, keyBytes, type StatementId } from '../../../protocol/ids.ts'
import { MAX_NAME_CHARS, MAX_TIME, MINUTE } from '../../../protocol/limits.ts'
import { bytesOf, foundCommunity, NOON, personOf, signerOf } from '../../support/community.ts'
import { type EnvelopeCase, type EnvelopeFile, hex } from '../format.ts'
import { type Cast, LOG } from './cast.ts'
import { altered, commonFailures, holds, type Model, refused } from './envelopes.ts'
import { named, SMALL_ORDER_KEY, wrap } from './raw.ts'

/** The statements of the ledger, and what a member signs beside it. */
export async function statementFiles(people: Cast): Promise<Readonly<Record<string, EnvelopeFile>>> {
  const community = hex(idBytes(people.founded.community))
  const file = (type: string, spec: string, cases: readonly EnvelopeCase[]): EnvelopeFile => ({
    type,
    spec,
    community: type === 'genesis' ? '00'.repeat(32) : community,
    cases,
  })
  return {
    identity: file('identity', '§5.2', await identities(people)),
    device: file('device-add', '§5.3', await devices(people)),
    profile: { ...file('profile', '§5.4', await profiles(people)), ledger: people.ledger },
    genesis: file('genesis', '§6.1', await geneses(people)),
    invite: file('invite', '§6.3', await invites(people)),
    join: file('join', '§6.4', await joins(people)),
    promise: file('promise', '§6.5', await promises(people)),
  }
}

async function identities({ founded, alice }: Cast): Promise<readonly EnvelopeCase[]> {
  const { payload } = alice.identity
  const model: Model<typeof payload> = {
    kind: IDENTITY,
    community: founded.community,
    payload,
    seeds: [bytesOf('Alice root')],
    rule: 'IDENT-1',
  }
  const weak = { ...model, payload: { ...model.payload, root: SMALL_ORDER_KEY } }
  return [
    await holds('an identity', model),
    ...(await commonFailures(model)),
    refused(
      'not the first of its chain',
      'IDENT-1',
      'field-invalid',
      await altered(model, (good) => ({ ...good, n: 1 })),
    ),
    refused(
      'a commitment of 31 bytes',
      'SCHEMA-2',
      'field-invalid',
      await altered(model, (good) => ({ ...good, profile: new Uint8Array(31) })),
    ),
    refused(
      'half a minute',
      'TIME-1',
      'field-invalid',
      await altered(model, (good) => ({ ...good, at: NOON + 30 })),
    ),
    refused(
      'after the year 9999',
      'TIME-1',
      'field-invalid',
      await altered(model, (good) => ({ ...good, at: MAX_TIME + 1 })),
    ),
    refused(
      'signed by another key than its root',
      'IDENT-1',
      'signer-unexpected',
      await altered(model, (good) => good, [signerOf('Mallory root')]),
    ),
    refused('a root of small order', 'SIG-1', 'key-not-admitted', await forAnybody(weak)),
  ]
}

/** Signed as a key of small order: R = A, S = 0 satisfies the equation for many messages, so no engine may be asked. */
async function forAnybody<T>({ kind, community, payload }: Model<T>): Promise<Uint8Array> {
  const fields = kind.fields.encode(payload) as { readonly [name: string]: never }
  const signature = new Uint8Array(64)
  return wrap(encodeValue(named(kind.type, community, fields)), [{ key: SMALL_ORDER_KEY, signature }])
}

async function devices({ founded, alice }: Cast): Promise<readonly EnvelopeCase[]> {
  const root = hex(keyBytes(alice.root.publicKey))
  const model: Model<typeof alice.deviceAdd.payload> = {
    kind: DEVICE_ADD,
    community: founded.community,
    payload: alice.deviceAdd.payload,
    seeds: [bytesOf('Alice root'), bytesOf('Alice device')],
    context: { root },
    rule: 'DEV-1',
  }
  return [
    await holds('a first device', model),
    ...(await commonFailures(model)),
    refused(
      'the device did not sign',
      'DEV-1',
      'signer-missing',
      await altered(model, (good) => good, [signerOf('Alice root')]),
      { root },
    ),
    refused(
      'a stolen device adds another',
      'DEV-1',
      'signer-unexpected',
      await altered(model, (good) => ({ ...good, device: keyBytes(signerOf('Mallory device').publicKey) }), [
        signerOf('Alice device'),
        signerOf('Mallory device'),
      ]),
      { root },
    ),
  ]
}

async function profiles({ founded, bob }: Cast): Promise<readonly EnvelopeCase[]> {
  const commitment = hex(bob.identity.payload.profile)
  const model: Model<typeof bob.profile.payload> = {
    kind: PROFILE,
    community: founded.community,
    payload: bob.profile.payload,
    seeds: [bytesOf('Bob device')],
    context: { commitment },
    rule: 'PROF-1',
  }
  const withBio = { ...model.payload, name: 'Bob', bio: 'Plants trees.' }
  const text = async (name: string, wrong: string) =>
    refused(name, 'SCHEMA-3', 'field-invalid', await altered(model, (good) => ({ ...good, name: wrong })), {
      commitment,
    })
  return [
    await holds('a name', model),
    await holds('a name and a line about oneself', { ...model, payload: withBio, context: {} }),
    ...(await commonFailures(model)),
    refused(
      'another name than the identity committed to',
      'PROF-2',
      'commitment-wrong',
      await altered(model, (good) => ({ ...good, name: 'Bobby' })),
      { commitment },
    ),
    refused(
      'signed by another member',
      'PROF-1',
      'not-member',
      await altered(model, (good) => good, [signerOf('Alice device')]),
      { commitment },
    ),
    refused(
      'signed by a stranger',
      'PROF-1',
      'not-member',
      await altered(model, (good) => good, [signerOf('Mallory device')]),
      { commitment },
    ),
    await text('an empty name', ''),
    await text('a name too long', 'x'.repeat(MAX_NAME_CHARS + 1)),
    await text('a line break', 'Bob\nAlice'),
    await text('a zero byte', 'Bob\u0000'),
    await text('a delete', 'Bob\u007f'),
    await text('a space first', ' Bob'),
    await text('a space last', 'Bob '),
    await text('an ideographic space last', 'Bob\u3000'),
    await text('a mark that turns the direction', 'Bob\u202eecilA'),
    await text('an isolate', '\u2066Bob\u2069'),
    await text('a zero-width space', 'Al\u200bice'),
    await text('a soft hyphen', 'Al\u00adice'),
    await text('a name that nobody sees', '\u3164'),
    await text('a tag', 'Bob\u{e0041}'),
    await text('a byte order mark inside', 'Al\ufeffice'),
  ]
}

async function geneses({ founded }: Cast): Promise<readonly EnvelopeCase[]> {
  const { payload } = founded.genesis
  const model: Model<typeof payload> = {
    kind: GENESIS,
    community: NO_COMMUNITY,
    payload,
    seeds: [bytesOf('Alice root')],
    rule: 'GEN-1',
  }
  const labels = ['Alice root', 'Carol root']
  const founders = labels
    .map((label) => signerOf(label).publicKey)
    .sort((a, b) => Buffer.compare(keyBytes(a), keyBytes(b)))
  const two: Model<typeof payload> = {
    ...model,
    payload: { ...payload, founders, council: { k: 2, keys: founders } },
    seeds: labels.map(bytesOf),
  }
  const council = (k: number, keys: readonly string[]) => ({
    k,
    keys: keys.map((key) => keyBytes(key as KeyText)),
  })
  const reversed = [...founders].reverse().map(keyBytes)
  const policy = GENESIS.fields.encode(payload) as { readonly policy: { readonly [name: string]: number } }
  const no = async (
    name: string,
    rule: string,
    reason: string,
    change: Parameters<typeof altered>[1],
    of = model,
  ) => refused(name, rule, reason, await altered(of, change))
  return [
    await holds('one founder', model),
    await holds('two founders', two),
    await holds('an open community', {
      ...model,
      payload: { ...payload, policy: { ...payload.policy, mode: 'open' } },
    }),
    ...(await commonFailures(model)),
    refused(
      'only one of two founders signed',
      'GEN-2',
      'signer-missing',
      await altered(two, (good) => good, [signerOf('Carol root')]),
    ),
    await no(
      'founders out of order',
      'SCHEMA-4',
      'field-invalid',
      (good) => ({ ...good, founders: reversed }),
      two,
    ),
    await no(
      'a founder twice',
      'SCHEMA-4',
      'field-invalid',
      (good) => ({ ...good, founders: [keyBytes(founders[0] as KeyText), keyBytes(founders[0] as KeyText)] }),
      two,
    ),
    await no('no founder', 'GEN-1', 'field-invalid', (good) => ({ ...good, founders: [] })),
    await no('a council that needs more than it has', 'GEN-3', 'field-invalid', (good) => ({
      ...good,
      council: council(2, payload.founders),
    })),
    await no('a council that needs nobody', 'GEN-3', 'field-invalid', (good) => ({
      ...good,
      council: council(0, payload.founders),
    })),
    await no('more witnesses wanted than named', 'GEN-3', 'field-invalid', (good) => ({
      ...good,
      witnesses: council(1, []),
    })),
    await no('a policy without a number', 'POL-1', 'field-missing', (good) => {
      const { 'wait-days': _left, ...rest } = policy.policy
      return { ...good, policy: rest }
    }),
    await no('a policy with a number too many', 'POL-1', 'field-unknown', (good) => ({
      ...good,
      policy: { ...policy.policy, luck: 7 },
    })),
    await no('a policy of an unknown mode', 'POL-1', 'field-invalid', (good) => ({
      ...good,
      policy: { ...policy.policy, mode: 'closed' } as never,
    })),
    await no('a policy number out of bounds', 'POL-1', 'field-invalid', (good) => ({
      ...good,
      policy: { ...policy.policy, 'wait-days': 1_000_001 },
    })),
  ]
}

async function invites({ founded, invitation, alice }: Cast): Promise<readonly EnvelopeCase[]> {
  const device = hex(keyBytes(alice.device.publicKey))
  const { payload } = invitation.envelope
  const { exp: _exp, ...unending } = payload
  const model: Model<typeof payload> = {
    kind: INVITE,
    community: founded.community,
    payload,
    seeds: [bytesOf('Alice device')],
    optional: ['exp', 'for'],
    context: { device },
    rule: 'INV-1',
  }
  return [
    await holds('an invitation for a week', model),
    await holds('an invitation without an end', { ...model, payload: unending }),
    await holds('an invitation for one person', {
      ...model,
      payload: { ...payload, for: signerOf('Dave root').publicKey },
    }),
    ...(await commonFailures(model)),
    refused(
      'an end in the middle of a minute',
      'TIME-1',
      'field-invalid',
      await altered(model, (good) => ({ ...good, exp: NOON + 1 })),
      { device },
    ),
    refused(
      'for a key of 16 bytes',
      'SCHEMA-2',
      'field-invalid',
      await altered(model, (good) => ({ ...good, for: new Uint8Array(16) })),
      { device },
    ),
  ]
}

async function joins({ founded, join, bob, invitation }: Cast): Promise<readonly EnvelopeCase[]> {
  const { community } = founded
  const invitationKey = hex(keyBytes(invitation.signer.publicKey))
  const context = { invitationKey }
  const model: Model<typeof join.payload> = {
    kind: JOIN,
    community,
    payload: join.payload,
    seeds: [bytesOf('Bob device'), derive(invitation.seed, idBytes(community), DOMAIN.invitation)],
    context,
    rule: 'JOIN-1',
  }
  const both = [bob.device, invitation.signer]
  const no = async (
    name: string,
    rule: string,
    reason: string,
    change: Parameters<typeof altered>[1],
    signers = both,
  ) => refused(name, rule, reason, await altered(model, change, signers), context)
  const mallory = await personOf(community, 'Mallory', NOON)
  const foreign = await personOf(
    (await foundCommunity(signerOf('log').publicKey, NOON, 'Zoe')).community,
    'Bob',
    NOON,
  )
  const deviceAdd = (change: object) =>
    seal(DEVICE_ADD, community, { ...bob.deviceAdd.payload, ...change }, [bob.root, bob.device])
  const second = await deviceAdd({ n: 2 })
  const unchained = await deviceAdd({ prev: mallory.identity.id as StatementId })
  const forgedIdentity = wrap(bob.identity.payloadBytes, mallory.identity.signatures)
  const forgedDevice = wrap(bob.deviceAdd.payloadBytes, mallory.deviceAdd.signatures)
  return [
    await holds('a join', model),
    ...(await commonFailures(model)),
    await no('the device alone', 'JOIN-2', 'signer-missing', (good) => good, [bob.device]),
    await no('the invitation alone', 'JOIN-2', 'signer-missing', (good) => good, [invitation.signer]),
    await no(
      'a thief without the seed',
      'JOIN-2',
      'signer-unexpected',
      (good) => ({
        ...good,
        identity: mallory.identity.bytes,
        device: mallory.deviceAdd.bytes,
        prev: idBytes(mallory.deviceAdd.id),
      }),
      [mallory.device, signerOf('another invitation')],
    ),
    await no(
      'somebody’s join in flight with another device',
      'JOIN-3',
      'member-unknown',
      (good) => ({ ...good, device: mallory.deviceAdd.bytes }),
      [mallory.device, invitation.signer],
    ),
    await no('an identity of another community', 'JOIN-3', 'foreign-community', (good) => ({
      ...good,
      identity: foreign.identity.bytes,
    })),
    await no('a device of another community', 'JOIN-3', 'foreign-community', (good) => ({
      ...good,
      device: foreign.deviceAdd.bytes,
    })),
    await no('an identity that is none', 'JOIN-3', 'unknown-type', (good) => ({
      ...good,
      identity: bob.deviceAdd.bytes,
    })),
    await no('an identity that is no envelope', 'JOIN-3', 'malformed', (good) => ({
      ...good,
      identity: Uint8Array.of(0x61),
    })),
    await no('an identity that Mallory signed', 'JOIN-3', 'signer-unexpected', (good) => ({
      ...good,
      identity: forgedIdentity,
    })),
    await no('a device that Mallory signed', 'JOIN-3', 'signer-unexpected', (good) => ({
      ...good,
      device: forgedDevice,
    })),
    await no('a device that is not the first', 'JOIN-3', 'sequence-wrong', (good) => ({
      ...good,
      device: second.bytes,
      prev: idBytes(second.id),
    })),
    await no('a device that does not follow its identity', 'JOIN-3', 'previous-wrong', (good) => ({
      ...good,
      device: unchained.bytes,
      prev: idBytes(unchained.id),
    })),
    await no('a join that does not follow its device', 'JOIN-3', 'previous-wrong', (good) => ({
      ...good,
      prev: idBytes(bob.identity.id),
    })),
    await no('not the first of the device', 'JOIN-1', 'field-invalid', (good) => ({ ...good, n: 1 })),
    await no('an identity of 1,025 bytes', 'JOIN-1', 'field-invalid', (good) => ({
      ...good,
      identity: new Uint8Array(1025),
    })),
  ]
}

async function promises({ founded, invitation }: Cast): Promise<readonly EnvelopeCase[]> {
  const log = hex(keyBytes(signerOf(LOG).publicKey))
  const payload = { id: invitation.id, index: 3, at: NOON + MINUTE }
  const model: Model<typeof payload> = {
    kind: PROMISE,
    community: founded.community,
    payload,
    seeds: [bytesOf(LOG)],
    context: { log },
    rule: 'ENTRY-4',
  }
  return [
    await holds('a promise', model),
    ...(await commonFailures(model)),
    refused(
      'signed by another than the log',
      'ENTRY-4',
      'signer-unexpected',
      await altered(model, (good) => good, [signerOf('Mallory device')]),
      { log },
    ),
  ]
}
