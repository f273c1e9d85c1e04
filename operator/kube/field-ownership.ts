/** One entry of metadata.managedFields: which fields a manager set, and by what kind of request. */
export interface ManagedFields {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  subresource?: string;
  time?: string;
  fieldsType?: string;
  /** A tree of sets: `{"f:spec": {"f:replicas": {}}}`. */
  fieldsV1?: FieldSet;
}

interface FieldSet {
  [field: string]: FieldSet;
}

/**
 * managedFields with what `manager` set by creating or updating an object put down as applied; undefined where there is nothing
 * to put down. Without it, a field that was in the object when it was created, and is left out of a later apply, would stay for
 * ever: apply takes away only what the same manager applied. (client-go does the same in util/csaupgrade, for kubectl.)
 *
 * What the API server filled in as defaults when the object was created counts as set by its creator. The first apply takes it
 * away and the API server fills it in again: the same object.
 */
export function handedOver(
  managedFields: readonly ManagedFields[],
  manager: string,
): ManagedFields[] | undefined {
  const mine = managedFields.filter((entry) => entry.manager === manager && !entry.subresource);
  const set = mine.filter(({ operation }) => operation === 'Update');
  const [newest] = set;
  if (!newest) return undefined;
  const applied = mine.find(({ operation }) => operation === 'Apply') ?? {
    ...newest,
    operation: 'Apply',
    fieldsV1: {},
  };
  const fieldsV1 = set.reduce(
    (all, { fieldsV1 = {} }) => union(all, fieldsV1),
    applied.fieldsV1 ?? {},
  );
  const others = managedFields.filter((entry) => !mine.includes(entry));
  return [...others, { ...applied, fieldsV1 }];
}

function union(one: FieldSet, other: FieldSet): FieldSet {
  const both = { ...one };
  for (const [field, fields] of Object.entries(other))
    both[field] = union(both[field] ?? {}, fields);
  return both;
}
