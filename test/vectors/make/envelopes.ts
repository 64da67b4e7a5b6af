import { encodeValue } from '../../../protocol/codec.ts'
import { type EnvelopeSignature, NO_COMMUNITY, type PayloadType, seal } from '../../../protocol/envelope.ts'
import { type CommunityId, idBytes } from '../../../protocol/ids.ts'
import { type Signer, signerFromSeed } from '../../../protocol/signature.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { type Context, type EnvelopeCase, hex, toTagged } from '../format.ts'
import { type Fields, malleate, named, signBytes, wrap } from './raw.ts'

/** A statement that holds, from which everything that can be wrong with any statement is made. */
export interface Model<T> {
  readonly kind: PayloadType<T>
  readonly community: CommunityId
  readonly payload: T
  /** The 32-byte seeds of those who sign. */
  readonly seeds: readonly Uint8Array[]
  readonly optional?: readonly string[]
  readonly context?: Context
  /** A rule of SPEC that says what this type holds. */
  readonly rule: string
}

/** A case that holds. */
export async function holds<T>(name: string, model: Model<T>): Promise<EnvelopeCase> {
  const { kind, community, payload, seeds, rule } = model
  const envelope = await seal(kind, community, payload, seeds.map(signerFromSeed))
  return {
    name,
    rule,
    ...contextOf(model),
    envelope: hex(envelope.bytes),
    id: hex(idBytes(envelope.id)),
    payload: toTagged(kind.fields.encode(payload)),
    seeds: seeds.map(hex),
  }
}

/** A case that is refused. */
export function refused(
  name: string,
  rule: string,
  reason: string,
  envelope: Uint8Array,
  context?: Context,
): EnvelopeCase {
  return { name, rule, ...(context === undefined ? {} : { context }), envelope: hex(envelope), reason }
}

/** An otherwise good statement with other fields, truly signed. */
export async function altered<T>(
  model: Model<T>,
  change: (fields: Fields) => Fields,
  signers: readonly Signer[] = model.seeds.map(signerFromSeed),
): Promise<Uint8Array> {
  const { kind, community } = model
  const scope = community === NO_COMMUNITY ? undefined : community
  const fields = named(kind.type, scope, kind.fields.encode(model.payload) as Fields)
  const payload = encodeValue(change(fields))
  return wrap(payload, await signBytes(kind.type, community, payload, signers))
}

/** Everything that can be wrong with a statement of any type. */
export async function commonFailures<T>(model: Model<T>): Promise<readonly EnvelopeCase[]> {
  return [...(await fieldFailures(model)), ...(await signatureFailures(model))]
}

export async function fieldFailures<T>(model: Model<T>): Promise<readonly EnvelopeCase[]> {
  const { kind, payload, context, optional = [] } = model
  const fields = kind.fields.encode(payload) as Fields
  const no = async (name: string, rule: string, reason: string, change: (fields: Fields) => Fields) =>
    refused(name, rule, reason, await altered(model, change), context)
  const cases = [
    await no('another type', 'ENV-5', 'unknown-type', (good) => ({ ...good, t: 'nothing' })),
    await no('no type', 'ENV-5', 'field-missing', ({ t: _t, ...rest }) => rest),
    await no('a type that is no text', 'ENV-5', 'field-invalid', (good) => ({ ...good, t: 7 })),
    await no('a field too many', 'SCHEMA-1', 'field-unknown', (good) => ({ ...good, zz: 1 })),
    await no('a field named __proto__', 'SCHEMA-1', 'field-unknown', (good) =>
      Object.fromEntries([...Object.entries(good), ['__proto__', 1]]),
    ),
  ]
  if (model.community === NO_COMMUNITY) {
    const own = (good: Fields) => ({ ...good, c: bytesOf('somewhere') })
    cases.push(await no('a community where there is none yet', 'ENV-6', 'field-unknown', own))
  } else {
    cases.push(
      await no('no community', 'ENV-6', 'field-missing', ({ c: _c, ...rest }) => rest),
      await no('a community of 31 bytes', 'ENV-6', 'field-invalid', (good) => ({
        ...good,
        c: new Uint8Array(31),
      })),
      await no('another community', 'ENV-6', 'foreign-community', (good) => ({
        ...good,
        c: bytesOf('somewhere else'),
      })),
    )
  }
  for (const [name, value] of Object.entries(fields)) {
    const wrong = typeof value === 'boolean' ? 1 : true
    cases.push(
      await no(`${name} of another kind`, 'SCHEMA-2', 'field-invalid', (good) => ({
        ...good,
        [name]: wrong,
      })),
    )
    if (optional.includes(name)) continue
    cases.push(
      await no(`no ${name}`, 'SCHEMA-1', 'field-missing', (good) => {
        const { [name]: _left, ...rest } = good
        return rest
      }),
    )
  }
  return cases
}

async function signatureFailures<T>(model: Model<T>): Promise<readonly EnvelopeCase[]> {
  const { kind, community, payload, context } = model
  const signers = model.seeds.map(signerFromSeed)
  const good = await seal(kind, community, payload, signers)
  const no = (name: string, rule: string, reason: string, signatures: readonly EnvelopeSignature[]) =>
    refused(name, rule, reason, wrap(good.payloadBytes, signatures), context)
  const [first, ...others] = good.signatures as [EnvelopeSignature, ...EnvelopeSignature[]]
  const elsewhere = await signBytes(kind.type, elsewhereThan(community), good.payloadBytes, signers)
  const asAnother = await signBytes('nothing', community, good.payloadBytes, signers)
  const withStranger = await signBytes(kind.type, community, good.payloadBytes, [
    ...signers,
    signerOf('a stranger'),
  ])
  const cases = [
    no('signed for another community', 'ENV-8', 'signature-wrong', elsewhere),
    no('signed as another type', 'ENV-8', 'signature-wrong', asAnother),
    no('S and the order', 'SIG-3', 'signature-malformed', [
      { ...first, signature: malleate(first.signature) },
      ...others,
    ]),
    no('a bit of S changed', 'SIG-4', 'signature-wrong', [
      { ...first, signature: flipped(first, 32) },
      ...others,
    ]),
    no('a signature too many', 'ENV-9', 'signer-unexpected', withStranger),
  ]
  if (others.length > 0) {
    cases.push(
      no('a signature too few', 'ENV-9', 'signer-missing', others),
      no('signatures out of order', 'ENV-4', 'signers-unordered', [...good.signatures].reverse()),
    )
  }
  return cases
}

function flipped({ signature }: EnvelopeSignature, byte: number): Uint8Array {
  const changed = signature.slice()
  changed[byte] = (changed[byte] as number) ^ 1
  return changed
}

/** Any other community to sign for. */
function elsewhereThan(community: CommunityId): CommunityId {
  return signerOf(`not ${community}`).publicKey as unknown as CommunityId
}

function contextOf<T>({ context }: Model<T>): { readonly context?: Context } {
  return context === undefined ? {} : { context }
}
