/** Hosts per /16 block of loopback that instances use. */
const HOSTS_PER_BLOCK = 65_000;

/** Numeric ids, and loopback addresses that no two instances of this machine's sandboxes should share. */
export class Ids {
  private count = 0;
  private addresses = 0;
  /** Sandboxes of different processes begin in different /16 blocks; 127.0 and 127.255 stay free. */
  private readonly firstBlock = process.pid % 254;

  next(): string {
    this.count += 1;
    return String(4_000_000_000_000_000_000n + BigInt(this.count));
  }

  nextAddress(): string {
    this.addresses += 1;
    const block = 1 + ((this.firstBlock + Math.floor(this.addresses / HOSTS_PER_BLOCK)) % 254);
    const host = 1 + (this.addresses % HOSTS_PER_BLOCK);
    return `127.${block}.${host >> 8}.${host & 255}`;
  }
}
