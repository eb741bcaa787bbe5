BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE assistance (
	holder INTEGER NOT NULL, 
	code_hash VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	wrong INTEGER NOT NULL, 
	issued_by VARCHAR NOT NULL, 
	issued_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	PRIMARY KEY (holder), 
	CONSTRAINT state_known CHECK (state IN ('none', 'sending', 'usable', 'used', 'void')), 
	CONSTRAINT wrong_not_negative CHECK (wrong >= 0), 
	FOREIGN KEY(holder) REFERENCES holder (id)
);
CREATE TABLE audit_event (
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	kiosk VARCHAR NOT NULL, 
	visit VARCHAR NOT NULL, 
	event VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	holder_key VARCHAR NOT NULL, 
	card_key VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL, 
	selftest BOOLEAN NOT NULL, 
	previous VARCHAR, 
	mac VARCHAR, 
	PRIMARY KEY (seq), 
	UNIQUE (previous)
);
INSERT INTO "audit_event" VALUES(1,'2030-01-01 09:00:00.000000','Kiosk 1','','holder.added','ok','','e4114789d8c34dc3b51dedefe95fe87b','','test','',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(2,'2030-01-01 09:00:00.000000','Kiosk 1','','card.enrolled','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','test','{"pinned": false}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(3,'2030-01-01 09:00:00.000000','Kiosk 1','','holder.added','ok','','cdcdd0d1a09748299652e93e8a0f7177','','test','',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(4,'2030-01-01 09:00:00.000000','Kiosk 1','','card.enrolled','ok','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','test','{"pinned": false}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(5,'2030-01-01 09:00:00.000000','Kiosk 1','','holder.added','ok','','4ae68a012adf425898a3a5ff984a8fca','','test','',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(6,'2030-01-01 09:00:00.000000','Kiosk 1','','card.enrolled','ok','','4ae68a012adf425898a3a5ff984a8fca','c0f451abd94046bfbae32acf64052e6d','test','{"pinned": false}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(7,'2030-01-01 09:00:00.000000','Kiosk 1','','card.enrolled','ok','','4ae68a012adf425898a3a5ff984a8fca','69a159e2121940cab350983e995b4837','test','{"pinned": false}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(8,'2030-01-01 09:00:00.000000','Kiosk 1','9Z2-G79','card.seen','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"locked": false, "tries_left": 3}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(9,'2030-01-01 09:00:00.000000','Kiosk 1','9Z2-G79','passcode.checked','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"purpose": "register"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(10,'2030-01-01 09:00:00.000000','Kiosk 1','9Z2-G79','code.sent','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"purpose": "register"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(11,'2030-01-01 09:00:00.000000','Kiosk 1','9Z2-G79','code.checked','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"purpose": "register"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(12,'2030-01-01 09:00:00.000000','Kiosk 1','9Z2-G79','registration.completed','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"own_email": false, "privacy_version": "1"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(13,'2030-01-01 09:00:00.000000','Kiosk 1','J9B-6T6','card.seen','ok','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"locked": false, "tries_left": 3}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(14,'2030-01-01 09:00:00.000000','Kiosk 1','J9B-6T6','passcode.checked','ok','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"purpose": "register"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(15,'2030-01-01 09:00:00.000000','Kiosk 1','J9B-6T6','code.sent','ok','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"purpose": "register"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(16,'2030-01-01 09:00:00.000000','Kiosk 1','J9B-6T6','code.checked','ok','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"purpose": "register"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(17,'2030-01-01 09:00:00.000000','Kiosk 1','J9B-6T6','registration.completed','ok','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"own_email": true, "privacy_version": "1"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(18,'2030-01-01 09:00:00.000000','Kiosk 1','','notice.sent','ok','','e4114789d8c34dc3b51dedefe95fe87b','','','{"kind": "registered"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(19,'2030-01-01 09:00:00.000000','Kiosk 1','','notice.sent','ok','','cdcdd0d1a09748299652e93e8a0f7177','','','{"kind": "registered"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(20,'2030-01-01 09:00:00.000000','Kiosk 1','','notice.sent','ok','','cdcdd0d1a09748299652e93e8a0f7177','','','{"kind": "registered-elsewhere"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(21,'2030-01-01 09:02:00.000000','Kiosk 1','RV3-7MG','card.seen','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"locked": true, "tries_left": 0}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(22,'2030-01-01 09:02:00.000000','Kiosk 1','RV3-7MG','answers.checked','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(23,'2030-01-01 09:02:00.000000','Kiosk 1','RV3-7MG','code.sent','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"purpose": "unlock"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(24,'2030-01-01 09:02:00.000000','Kiosk 1','RV3-7MG','code.checked','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"purpose": "unlock"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(25,'2030-01-01 09:02:00.000000','Kiosk 1','RV3-7MG','card.write-begun','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"purpose": "unlock", "was_locked": true}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(26,'2030-01-01 09:02:00.000000','Kiosk 1','RV3-7MG','card.write-ended','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(27,'2030-01-01 09:02:00.000000','Kiosk 1','RV3-7MG','card.unlocked','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(28,'2030-01-01 10:03:00.000000','Kiosk 1','ZT7-2KV','card.seen','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"locked": true, "tries_left": 0}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(29,'2030-01-01 10:03:00.000000','Kiosk 1','ZT7-2KV','answers.checked','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(30,'2030-01-01 10:03:00.000000','Kiosk 1','ZT7-2KV','code.sent','ok','','e4114789d8c34dc3b51dedefe95fe87b','6bc51d875fb54bfe91fb91db0d8d7738','','{"purpose": "unlock"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(31,'2030-01-01 10:03:00.000000','Kiosk 1','66P-FDP','card.seen','ok','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"locked": true, "tries_left": 0}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(32,'2030-01-01 10:03:00.000000','Kiosk 1','66P-FDP','answers.checked','refused','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"attempts_left": 2}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(33,'2030-01-01 10:03:00.000000','Kiosk 1','66P-FDP','answers.checked','refused','','cdcdd0d1a09748299652e93e8a0f7177','4334f7b0b63f49d8959c3b6fd0313a12','','{"attempts_left": 1}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(34,'2030-01-01 10:03:00.000000','Kiosk 1','NGG-9ZX','card.seen','ok','','4ae68a012adf425898a3a5ff984a8fca','c0f451abd94046bfbae32acf64052e6d','','{"locked": false, "tries_left": 3}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(35,'2030-01-01 10:03:00.000000','Kiosk 1','NGG-9ZX','passcode.checked','ok','','4ae68a012adf425898a3a5ff984a8fca','c0f451abd94046bfbae32acf64052e6d','','{"purpose": "register"}',0,NULL,NULL);
INSERT INTO "audit_event" VALUES(36,'2030-01-01 10:03:00.000000','Kiosk 1','NGG-9ZX','code.sent','ok','','4ae68a012adf425898a3a5ff984a8fca','c0f451abd94046bfbae32acf64052e6d','','{"purpose": "register"}',0,NULL,NULL);
CREATE TABLE card (
	id INTEGER NOT NULL, 
	holder INTEGER NOT NULL, 
	audit_key VARCHAR NOT NULL, 
	family VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	serial VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	public_key BLOB, 
	unblock_state VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT state_known CHECK (state IN ('active', 'suspended', 'revoked')), 
	CONSTRAINT unblock_state_known CHECK (unblock_state IN ('usable', 'failed')), 
	FOREIGN KEY(holder) REFERENCES holder (id), 
	UNIQUE (audit_key), 
	CONSTRAINT card_identity UNIQUE (family, kind, serial)
);
INSERT INTO "card" VALUES(1,1,'6bc51d875fb54bfe91fb91db0d8d7738','piv','guid','01010101010101010101010101010101','active',NULL,'usable','2030-01-01 09:00:00.000000');
INSERT INTO "card" VALUES(2,2,'4334f7b0b63f49d8959c3b6fd0313a12','piv','guid','02020202020202020202020202020202','active',NULL,'usable','2030-01-01 09:00:00.000000');
INSERT INTO "card" VALUES(3,3,'c0f451abd94046bfbae32acf64052e6d','piv','guid','03030303030303030303030303030303','active',NULL,'usable','2030-01-01 09:00:00.000000');
INSERT INTO "card" VALUES(4,3,'69a159e2121940cab350983e995b4837','piv','guid','09090909090909090909090909090909','active',NULL,'usable','2030-01-01 09:00:00.000000');
CREATE TABLE card_write (
	id INTEGER NOT NULL, 
	card INTEGER NOT NULL, 
	visit VARCHAR NOT NULL, 
	kiosk VARCHAR NOT NULL, 
	purpose VARCHAR NOT NULL, 
	was_locked BOOLEAN NOT NULL, 
	unblock_tries INTEGER, 
	state VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	settled_at DATETIME, 
	language VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT state_known CHECK (state IN ('intent', 'unknown', 'done', 'not-done', 'refused', 'open-ended')), 
	FOREIGN KEY(card) REFERENCES card (id)
);
INSERT INTO "card_write" VALUES(1,1,'RV3-7MG','Kiosk 1','unlock',1,3,'done','2030-01-01 09:02:00.000000','2030-01-01 09:02:00.000000','en');
CREATE TABLE code_mail (
	id INTEGER NOT NULL, 
	holder INTEGER NOT NULL, 
	visit VARCHAR NOT NULL, 
	purpose VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(holder) REFERENCES holder (id)
);
INSERT INTO "code_mail" VALUES(1,1,'9Z2-G79','register','2030-01-01 09:00:00.000000');
INSERT INTO "code_mail" VALUES(2,2,'J9B-6T6','register','2030-01-01 09:00:00.000000');
INSERT INTO "code_mail" VALUES(3,1,'RV3-7MG','unlock','2030-01-01 09:02:00.000000');
INSERT INTO "code_mail" VALUES(4,1,'ZT7-2KV','unlock','2030-01-01 10:03:00.000000');
INSERT INTO "code_mail" VALUES(5,3,'NGG-9ZX','register','2030-01-01 10:03:00.000000');
CREATE TABLE holder (
	id INTEGER NOT NULL, 
	holder_id VARCHAR NOT NULL, 
	audit_key VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	ra_email VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	blocked_at DATETIME, 
	created_at DATETIME NOT NULL, 
	selftest BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT attempts_not_negative CHECK (attempts >= 0), 
	CONSTRAINT holder_id_length CHECK (length(holder_id) BETWEEN 1 AND 64), 
	CONSTRAINT name_length CHECK (length(name) BETWEEN 1 AND 200), 
	UNIQUE (audit_key), 
	UNIQUE (holder_id)
);
INSERT INTO "holder" VALUES(1,'H1','e4114789d8c34dc3b51dedefe95fe87b','Ann Jones','ann.jones@nhs.net',0,NULL,'2030-01-01 09:00:00.000000',0);
INSERT INTO "holder" VALUES(2,'H2','cdcdd0d1a09748299652e93e8a0f7177','José Smith-Öz','jose@nhs.net',2,NULL,'2030-01-01 09:00:00.000000',0);
INSERT INTO "holder" VALUES(3,'H3','4ae68a012adf425898a3a5ff984a8fca','Cy Li','',0,NULL,'2030-01-01 09:00:00.000000',0);
CREATE TABLE notice (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	holder INTEGER, 
	recipient VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	kiosk VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	next_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	selftest BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT state_known CHECK (state IN ('queued', 'given-up')), 
	CONSTRAINT tries_not_negative CHECK (tries >= 0), 
	FOREIGN KEY(holder) REFERENCES holder (id)
);
INSERT INTO "notice" VALUES(1,'unlocked',1,'ann.jones@nhs.net','Ann Jones','en','Kiosk 1','queued',0,'2030-01-01 09:02:00.000000','2030-01-01 09:02:00.000000',0);
CREATE TABLE pending (
	id INTEGER NOT NULL, 
	card INTEGER NOT NULL, 
	purpose VARCHAR NOT NULL, 
	visit VARCHAR NOT NULL, 
	kiosk VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	email VARCHAR NOT NULL, 
	draft VARCHAR NOT NULL, 
	code_hash VARCHAR NOT NULL, 
	code_state VARCHAR NOT NULL, 
	code_sent_at DATETIME, 
	code_expires_at DATETIME, 
	code_wrong INTEGER NOT NULL, 
	questions_at DATETIME, 
	assisted BOOLEAN NOT NULL, 
	email_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT code_state_known CHECK (code_state IN ('none', 'sending', 'usable', 'used', 'void')), 
	CONSTRAINT code_wrong_not_negative CHECK (code_wrong >= 0), 
	FOREIGN KEY(card) REFERENCES card (id) ON DELETE CASCADE, 
	CONSTRAINT pending_purpose UNIQUE (card, purpose)
);
INSERT INTO "pending" VALUES(1,1,'unlock','ZT7-2KV','Kiosk 1','2030-01-01 10:03:00.000000','ann.jones@nhs.net','','$2b$04$XECdv6hoZcvX1cPh.KrrzurCXzqKpp2Ih8ZgVate4Mzj2vRvk8G0y','usable','2030-01-01 10:03:00.000000','2030-01-01 10:18:00.000000',0,'2030-01-01 10:03:00.000000',0,NULL);
INSERT INTO "pending" VALUES(2,3,'register','NGG-9ZX','Kiosk 1','2030-01-01 10:03:00.000000','cy.li@nhs.net','["1", [{"question": "first-school", "normaliser": 1, "hash": "$2b$04$Wh1uQKgeOMPaq7rSrELnseHN9QVma6QcFLDcjpIAMUTiCqMGjdBky"}, {"question": "childhood-street", "normaliser": 1, "hash": "$2b$04$aMCGmkgvHHhmCJXhtkvrtedglP6dEtIVj3t5F7hM4ZeBiTSMZ2tCi"}, {"question": "first-car", "normaliser": 1, "hash": "$2b$04$iM2hYXIaLeRFnZqvl0Svlufl7U22JKLD4htcuvu8Y15dAv.TGv5IS"}, {"question": "first-manager", "normaliser": 1, "hash": "$2b$04$UmYgwScsEm1JapDjPlcCfOcTJ0QtkARXwC3e5a2oZQUWxOVGJztT2"}]]','$2b$04$4zjgJV1ZRm9U0.woaiO2aeZP1ltU4IMEI8NgelMRTXzaGY/2UZQzi','usable','2030-01-01 10:03:00.000000','2030-01-01 10:18:00.000000',0,NULL,0,NULL);
CREATE TABLE registration (
	holder INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	own_email BOOLEAN NOT NULL, 
	privacy_version VARCHAR NOT NULL, 
	registered_at DATETIME NOT NULL, 
	usable_from DATETIME NOT NULL, 
	PRIMARY KEY (holder), 
	FOREIGN KEY(holder) REFERENCES holder (id)
);
INSERT INTO "registration" VALUES(1,'ann.jones@nhs.net',0,'1','2030-01-01 09:00:00.000000','2030-01-01 09:00:00.000000');
INSERT INTO "registration" VALUES(2,'jose.smith@gov.uk',1,'1','2030-01-01 09:00:00.000000','2030-01-01 09:00:00.000000');
CREATE TABLE security_answer (
	holder INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	question VARCHAR NOT NULL, 
	normaliser INTEGER NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (holder, position), 
	CONSTRAINT position_range CHECK (position BETWEEN 0 AND 3), 
	FOREIGN KEY(holder) REFERENCES registration (holder) ON DELETE CASCADE
);
INSERT INTO "security_answer" VALUES(1,0,'first-school',1,'$2b$04$rzOjCn6UPkDy6Ska9q7ypuoLMBqphl78p5dzUYRC1uQ.inccTHbba');
INSERT INTO "security_answer" VALUES(1,1,'childhood-street',1,'$2b$04$oaDDP.0TMQpd42Dy7NabwOmdC5qMyLdZq71ve1flxxzXqPo/9hsKG');
INSERT INTO "security_answer" VALUES(1,2,'first-car',1,'$2b$04$RbF5Nx4ELHvtyd/kwAEUc.TyA4Me2KD0knhW92NJ1j6HefzbgCks2');
INSERT INTO "security_answer" VALUES(1,3,'first-manager',1,'$2b$04$9TMCBBE9/WOvrPKd7gOJM.QHJiv5742.JNQEJhyXOMqbptdhGKsb6');
INSERT INTO "security_answer" VALUES(2,0,'first-school',1,'$2b$04$/hafUy.ZyLpUirCRsNtS0ezPd1wekWRxp5qgFN0dEVwuuDyBhmYOK');
INSERT INTO "security_answer" VALUES(2,1,'childhood-street',1,'$2b$04$4JvHs5d5TrvhAkfDiN8Dn.ZvH/9JcPqg2kaoXhdcsJvi39TnoSJlG');
INSERT INTO "security_answer" VALUES(2,2,'first-car',1,'$2b$04$qTwlsJY0BtvHTDTX71yl5OEED.831ukrsdhrNkMMPGLg80zVdWr2m');
INSERT INTO "security_answer" VALUES(2,3,'first-manager',1,'$2b$04$DT1n0xzd56UgnAfJolkQAOVVwkxodnewL2kLm2h96sGiSkc88uxrm');
CREATE TABLE unblock_secret (
	card INTEGER NOT NULL, 
	key_id VARCHAR NOT NULL, 
	nonce BLOB NOT NULL, 
	ciphertext BLOB NOT NULL, 
	PRIMARY KEY (card), 
	FOREIGN KEY(card) REFERENCES card (id) ON DELETE CASCADE
);
INSERT INTO "unblock_secret" VALUES(1,'1',X'CE167A510C8D7E2803EF65CA',X'05D5299FF42FFB6DD12B5E7C7135115EFBC3BDD642CA441A');
INSERT INTO "unblock_secret" VALUES(2,'1',X'98B46A433D98B5788329429C',X'6C50ADA41B28EE0DF5CFF1FD5D6FD757994A9B46CF9B4A42');
INSERT INTO "unblock_secret" VALUES(3,'1',X'61384D5A790C34CD7D175935',X'951CE41A7C9663984FF61BE40DC7F41139045A8C9633C01B');
CREATE INDEX ix_audit_event_card_key ON audit_event (card_key);
CREATE INDEX ix_audit_event_event ON audit_event (event);
CREATE INDEX ix_audit_event_holder_key ON audit_event (holder_key);
CREATE INDEX ix_card_holder ON card (holder);
CREATE INDEX code_mail_of_holder ON code_mail (holder, at);
CREATE INDEX card_write_open ON card_write (card, state);
COMMIT;
