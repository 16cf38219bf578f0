import { DOS_ATTRIBUTE_NAME, dosAttributeValue } from "../../core/dos_attributes.ts";
import type { EntryStat } from "../../core/stat_record.ts";
import type { Attribute } from "../../ports/source.ts";

/**
 * The attributes to set on an entry: with that in which a Samba server keeps DOS attributes and time
 * of birth, where it comes from a share. So what is restored can be shared again as it was.
 */
export function withDosAttribute(
  stat: EntryStat,
  attributes: readonly Attribute[],
): readonly Attribute[] {
  const { dos = 0, birth } = stat;
  if (dos === 0 || attributes.some(({ name }) => name === DOS_ATTRIBUTE_NAME)) return attributes;
  return [...attributes, { name: DOS_ATTRIBUTE_NAME, value: dosAttributeValue(dos, birth) }];
}
