/** A group of equal members that takes a share of the traffic in proportion to its weight. */
export interface WeightedGroup<T> {
  name: string;
  weight: number;
  members: T[];
}

/**
 * Chooses a group by smooth weighted round robin (as nginx does: every group's credit grows by its weight, the richest
 * is chosen and pays the total), then the member of it that was chosen longest ago. Groups of weight 0 get nothing.
 */
export class BackendChoice<T extends object> {
  readonly #credit = new Map<string, number>();
  readonly #chosenAt = new WeakMap<T, number>();
  #choices = 0;

  pick(groups: WeightedGroup<T>[]): { group: string; member: T } | undefined {
    const open = groups.filter((group) => group.weight > 0 && group.members.length > 0);
    let richest: WeightedGroup<T> | undefined;
    let total = 0;
    for (const group of open) {
      this.#credit.set(group.name, (this.#credit.get(group.name) ?? 0) + group.weight);
      total += group.weight;
      if (!richest || this.#credit.get(group.name)! > this.#credit.get(richest.name)!) richest = group;
    }
    if (!richest) return undefined;
    this.#credit.set(richest.name, this.#credit.get(richest.name)! - total);
    const member = richest.members.reduce((a, b) => (this.#lastChoice(b) < this.#lastChoice(a) ? b : a));
    this.#chosenAt.set(member, ++this.#choices);
    return { group: richest.name, member };
  }

  #lastChoice(member: T): number {
    return this.#chosenAt.get(member) ?? 0;
  }
}
