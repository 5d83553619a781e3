import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { World } from '../../world.ts';
import type { Kind } from '../collection.ts';
import { notImplemented, refuseFields } from '../contract/validate.ts';
import { invalid, ownedBy, readLink } from '../resources.ts';
import { CertificateBody } from './shapes.ts';
import type { Certificate, TargetProxy } from './shapes.ts';

/** Certificates that their owner brings along, PEM; a private key is never shown. */
export function certificateKind(world: World): Kind<Certificate> {
  return {
    collection: 'sslCertificates',
    singular: 'sslCertificate',
    scopes: ['global'],
    map: world.sslCertificates as Map<string, Certificate>,
    schema: CertificateBody,
    outputs: ['expireTime', 'subjectAlternativeNames'],
    check(_, certificate) {
      if (certificate.type !== 'SELF_MANAGED') throw notImplemented('A certificate that Google manages');
      refuseFields(certificate, 'managed');
      checkPair(pairOf(certificate));
    },
    usedBy: (place, { name }) =>
      ownedBy(world.targetHttpsProxies as Map<string, TargetProxy>, place).find(({ sslCertificates }) =>
        sslCertificates.some((link) => readLink(link, place).name === name),
      )?.name,
    view(_, certificate) {
      const { privateKey: _key, selfManaged: _pair, ...fields } = certificate;
      const { cert } = pairOf(certificate);
      const { validTo, subjectAltName = '' } = new X509Certificate(cert);
      return {
        ...fields,
        certificate: cert,
        selfManaged: { certificate: cert },
        expireTime: new Date(validTo).toISOString(),
        subjectAlternativeNames: [...subjectAltName.matchAll(/DNS:([^,]+)/g)].map(([, host]) => host),
      };
    },
  };
}

/** Certificate and private key, PEM, as Node's TLS takes them. */
export function pairOf({ certificate, privateKey, selfManaged }: Certificate): { cert: string; key: string } {
  return {
    cert: selfManaged?.certificate ?? certificate ?? '',
    key: selfManaged?.privateKey ?? privateKey ?? '',
  };
}

function checkPair({ cert, key }: { cert: string; key: string }): void {
  let isPair: boolean;
  try {
    isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw invalid('resource.certificate', cert, `Give certificate and private key as PEM: ${String(error)}`);
  }
  if (!isPair) throw invalid('resource.privateKey', '…', 'It is not that of the certificate.');
}
