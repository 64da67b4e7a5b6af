import { createPrivateKey, KeyObject } from 'node:crypto'
import { DefaultDeserializer, DefaultSerializer } from 'node:v8'

/** What stands before each object that V8 leaves to us: a key, or anything that Node knows by itself (arrays of bytes). */
const KEY = 1
const OTHER = 0

/**
 * A value as bytes, as V8 writes what it clones: a format that later versions of Node read.
 * @throws Error for what cannot be cloned, such as a function
 */
export function encodeStored(value: unknown): Uint8Array {
  const serializer = new Writer()
  serializer.writeHeader()
  serializer.writeValue(value)
  return serializer.releaseBuffer()
}

export function decodeStored(bytes: Uint8Array): unknown {
  const deserializer = new Reader(bytes)
  deserializer.readHeader()
  return deserializer.readValue()
}

/** What V8 calls for objects that it does not know, and Node's own answer to that; its types leave both out. */
declare module 'node:v8' {
  interface DefaultSerializer {
    _writeHostObject(object: unknown): void
  }
  interface DefaultDeserializer {
    _readHostObject(): unknown
  }
}

/** On a disk a key is as well hidden as the file that it is in; what is read back is again one that pages of code cannot read. */
class Writer extends DefaultSerializer {
  override _writeHostObject(object: unknown): void {
    if (!(object instanceof CryptoKey)) {
      this.writeUint32(OTHER)
      super._writeHostObject(object)
      return
    }
    if (object.type !== 'private' || object.algorithm.name !== 'Ed25519')
      throw new TypeError('of keys, only private ones of Ed25519 are kept')
    const pkcs8 = KeyObject.from(object).export({ format: 'der', type: 'pkcs8' })
    this.writeUint32(KEY)
    this.writeUint32(pkcs8.length)
    this.writeRawBytes(pkcs8)
  }
}

class Reader extends DefaultDeserializer {
  override _readHostObject(): unknown {
    if (this.readUint32() === OTHER) return super._readHostObject()
    // A view on what V8 reads from; it is of no use afterwards.
    const pkcs8 = Buffer.from(this.readRawBytes(this.readUint32()))
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    return key.toCryptoKey({ name: 'Ed25519' }, false, ['sign'])
  }
}
