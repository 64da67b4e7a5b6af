import { expect, it } from 'vitest'
import { INVITE } from '../../protocol/community/invite.ts'
import { NO_COMMUNITY, open, peekType, seal, soleSigner, verifyEnvelope } from '../../protocol/envelope.ts'
import { IDENTITY } from '../../protocol/identity/identity.ts'
import { type CommunityId, idOf, keyBytes, type StatementId } from '../../protocol/ids.ts'
import { createVerifier } from '../../protocol/signature.ts'
import { bytesOf, NOON, signerOf } from '../support/community.ts'

const community = idOf<CommunityId>(bytesOf('community'))
const alice = signerOf('Alice root')
const identity = { root: alice.publicKey, profile: bytesOf('profile'), n: 0, at: NOON }
const sealed = () => seal(IDENTITY, community, identity, [alice])

it('ENV-4 signs in the order of the keys, whoever comes first', async () => {
  const signers = [alice, signerOf('Bob root'), signerOf('Carol root')]
  const one = await seal(IDENTITY, community, identity, signers)
  const other = await seal(IDENTITY, community, identity, signers.toReversed())
  expect(one.bytes).toEqual(other.bytes)
  const keys = one.signatures.map(({ key }) => Buffer.from(keyBytes(key)).toString('hex'))
  expect(keys).toEqual(keys.toSorted())
  expect(soleSigner(one)).toBeUndefined()
})

it('ENV-4 does not sign for nobody, twice with one key, or with more than 16', async () => {
  await expect(seal(IDENTITY, community, identity, [])).rejects.toThrow('one to sixteen')
  await expect(seal(IDENTITY, community, identity, [alice, alice])).rejects.toThrow('once')
  const many = Array.from({ length: 17 }, (_, i) => signerOf(`signer ${i}`))
  await expect(seal(IDENTITY, community, identity, many)).rejects.toThrow('one to sixteen')
})

it('SCHEMA-2 does not sign what others would refuse', async () => {
  await expect(seal(IDENTITY, community, { ...identity, at: NOON + 1 }, [alice])).rejects.toThrow(
    'field-invalid identity.at',
  )
  await expect(seal(IDENTITY, community, { ...identity, n: 1 }, [alice])).rejects.toThrow(
    'field-invalid identity.n',
  )
})

it('ENV-7 has one id whatever its signatures', async () => {
  const other = await seal(IDENTITY, community, identity, [signerOf('Mallory root')])
  expect(other.id).toBe((await sealed()).id)
  expect(other.bytes).not.toEqual((await sealed()).bytes)
})

it('ENV-7 has another id in another community, and as another type', async () => {
  const elsewhere = await seal(IDENTITY, idOf<CommunityId>(bytesOf('elsewhere')), identity, [alice])
  const nowhere = await seal(IDENTITY, NO_COMMUNITY, identity, [alice])
  const otherwise = await seal({ ...IDENTITY, type: 'other' }, community, identity, [alice])
  const ids = [await sealed(), elsewhere, nowhere, otherwise].map(({ id }) => id)
  expect(new Set(ids).size).toBe(4)
})

it('ENV-9 verifies no signature before the set of signers is right', async () => {
  const forbidden = { verify: () => Promise.reject(new Error('asked')) }
  const envelope = await sealed()
  const bob = signerOf('Bob root').publicKey
  const judge = (signers: readonly (typeof bob)[]) => verifyEnvelope(forbidden, community, envelope, signers)
  expect(await judge([bob])).toEqual({ ok: false, reason: 'signer-unexpected' })
  expect(await judge([])).toEqual({ ok: false, reason: 'signer-unexpected' })
  expect(await judge([alice.publicKey, bob])).toEqual({ ok: false, reason: 'signer-missing' })
  await expect(judge([alice.publicKey])).rejects.toThrow('asked')
})

it('ENV-9 takes one key that stands for two as one signer', async () => {
  const verdict = await verifyEnvelope(createVerifier(), community, await sealed(), [
    alice.publicKey,
    alice.publicKey,
  ])
  expect(verdict).toEqual({ ok: true, value: true })
})

it('ENV-5 can be asked for its type before anything else is known', async () => {
  const { bytes } = await sealed()
  expect(peekType(bytes)).toEqual({ ok: true, value: 'identity' })
  expect(peekType(bytes.slice(1))).toMatchObject({ ok: false })
  expect(open(INVITE, community, bytes)).toEqual({ ok: false, reason: 'unknown-type', at: 'identity' })
})

it('ENV-8 opens to what was sealed', async () => {
  const payload = {
    m: idOf<never>(bytesOf('m')),
    n: 0,
    prev: idOf<StatementId>(bytesOf('p')),
    slot: 1,
    key: alice.publicKey,
    at: NOON,
  }
  const envelope = await seal(INVITE, community, payload, [alice])
  const opened = open(INVITE, community, envelope.bytes)
  expect(opened).toEqual({ ok: true, value: envelope })
})
