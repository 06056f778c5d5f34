import * as $protobuf from "protobufjs/minimal.js";

/** Namespace weft. */
export namespace weft {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a Prefix.
         * @deprecated Use weft.v1.Prefix.$Properties instead.
         */
        interface IPrefix extends weft.v1.Prefix.$Properties {
        }

        /** Represents a Prefix. */
        class Prefix {

            /**
             * Constructs a new Prefix.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Prefix.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Prefix address. */
            address: Uint8Array;

            /** Prefix length. */
            length: number;

            /**
             * Encodes the specified Prefix message. Does not implicitly {@link weft.v1.Prefix.verify|verify} messages.
             * @param message Prefix message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Prefix.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Prefix message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Prefix & weft.v1.Prefix.$Shape} Prefix
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Prefix & weft.v1.Prefix.$Shape;
        }

        namespace Prefix {

            /** Properties of a Prefix. */
            interface $Properties {

                /** Prefix address */
                address?: (Uint8Array|null);

                /** Prefix length */
                length?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Prefix. */
            type $Shape = weft.v1.Prefix.$Properties;
        }

        /**
         * Properties of a Node.
         * @deprecated Use weft.v1.Node.$Properties instead.
         */
        interface INode extends weft.v1.Node.$Properties {
        }

        /** Represents a Node. */
        class Node {

            /**
             * Constructs a new Node.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Node.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Node id. */
            id: string;

            /** Node name. */
            name: string;

            /** Node vteps. */
            vteps: Uint8Array[];

            /** Node mtu. */
            mtu: number;

            /** Node serial. */
            serial: number;

            /** Node routes. */
            routes: weft.v1.Prefix.$Properties[];

            /** Node version. */
            version: string;

            /** Node addresses. */
            addresses: Uint8Array[];

            /** Node nameServers. */
            nameServers: Uint8Array[];

            /**
             * Encodes the specified Node message. Does not implicitly {@link weft.v1.Node.verify|verify} messages.
             * @param message Node message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Node.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Node message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Node & weft.v1.Node.$Shape} Node
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Node & weft.v1.Node.$Shape;
        }

        namespace Node {

            /** Properties of a Node. */
            interface $Properties {

                /** Node id */
                id?: (string|null);

                /** Node name */
                name?: (string|null);

                /** Node vteps */
                vteps?: (Uint8Array[]|null);

                /** Node mtu */
                mtu?: (number|null);

                /** Node serial */
                serial?: (number|null);

                /** Node routes */
                routes?: (weft.v1.Prefix.$Properties[]|null);

                /** Node version */
                version?: (string|null);

                /** Node addresses */
                addresses?: (Uint8Array[]|null);

                /** Node nameServers */
                nameServers?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Node. */
            type $Shape = weft.v1.Node.$Properties;
        }

        /**
         * Properties of an Alive.
         * @deprecated Use weft.v1.Alive.$Properties instead.
         */
        interface IAlive extends weft.v1.Alive.$Properties {
        }

        /** Represents an Alive. */
        class Alive {

            /**
             * Constructs a new Alive.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Alive.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Alive node. */
            node: string;

            /** Alive counter. */
            counter: number;

            /** Alive random. */
            random: string;

            /**
             * Encodes the specified Alive message. Does not implicitly {@link weft.v1.Alive.verify|verify} messages.
             * @param message Alive message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Alive.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Alive message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Alive & weft.v1.Alive.$Shape} Alive
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Alive & weft.v1.Alive.$Shape;
        }

        namespace Alive {

            /** Properties of an Alive. */
            interface $Properties {

                /** Alive node */
                node?: (string|null);

                /** Alive counter */
                counter?: (number|null);

                /** Alive random */
                random?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Alive. */
            type $Shape = weft.v1.Alive.$Properties;
        }

        /** FenceKind enum. */
        enum FenceKind {

            /** FENCE_KIND_UNSPECIFIED value */
            FENCE_KIND_UNSPECIFIED = 0,

            /** FENCE_KIND_COLLECT value */
            FENCE_KIND_COLLECT = 1,

            /** FENCE_KIND_FORGET value */
            FENCE_KIND_FORGET = 2,

            /** FENCE_KIND_DRAIN value */
            FENCE_KIND_DRAIN = 3
        }

        /**
         * Properties of a Fence.
         * @deprecated Use weft.v1.Fence.$Properties instead.
         */
        interface IFence extends weft.v1.Fence.$Properties {
        }

        /** Represents a Fence. */
        class Fence {

            /**
             * Constructs a new Fence.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Fence.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Fence node. */
            node: string;

            /** Fence name. */
            name: string;

            /** Fence kind. */
            kind: weft.v1.FenceKind;

            /** Fence by. */
            by: string;

            /**
             * Encodes the specified Fence message. Does not implicitly {@link weft.v1.Fence.verify|verify} messages.
             * @param message Fence message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Fence.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Fence message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Fence & weft.v1.Fence.$Shape} Fence
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Fence & weft.v1.Fence.$Shape;
        }

        namespace Fence {

            /** Properties of a Fence. */
            interface $Properties {

                /** Fence node */
                node?: (string|null);

                /** Fence name */
                name?: (string|null);

                /** Fence kind */
                kind?: (weft.v1.FenceKind|null);

                /** Fence by */
                by?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Fence. */
            type $Shape = weft.v1.Fence.$Properties;
        }

        /**
         * Properties of a Sandbox.
         * @deprecated Use weft.v1.Sandbox.$Properties instead.
         */
        interface ISandbox extends weft.v1.Sandbox.$Properties {
        }

        /** Represents a Sandbox. */
        class Sandbox {

            /**
             * Constructs a new Sandbox.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Sandbox.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Sandbox key. */
            key: string;

            /** Sandbox path. */
            path: string;

            /** Sandbox bootId. */
            bootId: string;

            /** Sandbox cookie. */
            cookie: string;

            /**
             * Encodes the specified Sandbox message. Does not implicitly {@link weft.v1.Sandbox.verify|verify} messages.
             * @param message Sandbox message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Sandbox.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Sandbox message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Sandbox & weft.v1.Sandbox.$Shape} Sandbox
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Sandbox & weft.v1.Sandbox.$Shape;
        }

        namespace Sandbox {

            /** Properties of a Sandbox. */
            interface $Properties {

                /** Sandbox key */
                key?: (string|null);

                /** Sandbox path */
                path?: (string|null);

                /** Sandbox bootId */
                bootId?: (string|null);

                /** Sandbox cookie */
                cookie?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Sandbox. */
            type $Shape = weft.v1.Sandbox.$Properties;
        }

        /**
         * Properties of a Label.
         * @deprecated Use weft.v1.Label.$Properties instead.
         */
        interface ILabel extends weft.v1.Label.$Properties {
        }

        /** Represents a Label. */
        class Label {

            /**
             * Constructs a new Label.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Label.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Label key. */
            key: string;

            /** Label value. */
            value: string;

            /**
             * Encodes the specified Label message. Does not implicitly {@link weft.v1.Label.verify|verify} messages.
             * @param message Label message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Label.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Label message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Label & weft.v1.Label.$Shape} Label
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Label & weft.v1.Label.$Shape;
        }

        namespace Label {

            /** Properties of a Label. */
            interface $Properties {

                /** Label key */
                key?: (string|null);

                /** Label value */
                value?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Label. */
            type $Shape = weft.v1.Label.$Properties;
        }

        /** EndpointState enum. */
        enum EndpointState {

            /** ENDPOINT_STATE_UNSPECIFIED value */
            ENDPOINT_STATE_UNSPECIFIED = 0,

            /** ENDPOINT_STATE_ACTIVE value */
            ENDPOINT_STATE_ACTIVE = 1,

            /** ENDPOINT_STATE_CONFLICT value */
            ENDPOINT_STATE_CONFLICT = 2
        }

        /**
         * Properties of an Endpoint.
         * @deprecated Use weft.v1.Endpoint.$Properties instead.
         */
        interface IEndpoint extends weft.v1.Endpoint.$Properties {
        }

        /** Represents an Endpoint. */
        class Endpoint {

            /**
             * Constructs a new Endpoint.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Endpoint.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Endpoint id. */
            id: string;

            /** Endpoint network. */
            network: string;

            /** Endpoint node. */
            node: string;

            /** Endpoint name. */
            name: string;

            /** Endpoint aliases. */
            aliases: string[];

            /** Endpoint mac. */
            mac: Uint8Array;

            /** Endpoint addresses. */
            addresses: Uint8Array[];

            /** Endpoint sandbox. */
            sandbox?: (weft.v1.Sandbox.$Properties|null);

            /** Endpoint interfaceName. */
            interfaceName: string;

            /** Endpoint routePriority. */
            routePriority: number;

            /** Endpoint labels. */
            labels: weft.v1.Label.$Properties[];

            /** Endpoint state. */
            state: weft.v1.EndpointState;

            /** Endpoint conflictHolder. */
            conflictHolder: string;

            /** Endpoint creator. */
            creator: string;

            /** Endpoint createdAt. */
            createdAt: number;

            /**
             * Encodes the specified Endpoint message. Does not implicitly {@link weft.v1.Endpoint.verify|verify} messages.
             * @param message Endpoint message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Endpoint.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Endpoint message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Endpoint & weft.v1.Endpoint.$Shape} Endpoint
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Endpoint & weft.v1.Endpoint.$Shape;
        }

        namespace Endpoint {

            /** Properties of an Endpoint. */
            interface $Properties {

                /** Endpoint id */
                id?: (string|null);

                /** Endpoint network */
                network?: (string|null);

                /** Endpoint node */
                node?: (string|null);

                /** Endpoint name */
                name?: (string|null);

                /** Endpoint aliases */
                aliases?: (string[]|null);

                /** Endpoint mac */
                mac?: (Uint8Array|null);

                /** Endpoint addresses */
                addresses?: (Uint8Array[]|null);

                /** Endpoint sandbox */
                sandbox?: (weft.v1.Sandbox.$Properties|null);

                /** Endpoint interfaceName */
                interfaceName?: (string|null);

                /** Endpoint routePriority */
                routePriority?: (number|null);

                /** Endpoint labels */
                labels?: (weft.v1.Label.$Properties[]|null);

                /** Endpoint state */
                state?: (weft.v1.EndpointState|null);

                /** Endpoint conflictHolder */
                conflictHolder?: (string|null);

                /** Endpoint creator */
                creator?: (string|null);

                /** Endpoint createdAt */
                createdAt?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Endpoint. */
            type $Shape = weft.v1.Endpoint.$Properties;
        }

        /** ClaimKind enum. */
        enum ClaimKind {

            /** CLAIM_KIND_UNSPECIFIED value */
            CLAIM_KIND_UNSPECIFIED = 0,

            /** CLAIM_KIND_ENDPOINT value */
            CLAIM_KIND_ENDPOINT = 1,

            /** CLAIM_KIND_RESERVATION value */
            CLAIM_KIND_RESERVATION = 2,

            /** CLAIM_KIND_GATEWAY value */
            CLAIM_KIND_GATEWAY = 3,

            /** CLAIM_KIND_AUXILIARY value */
            CLAIM_KIND_AUXILIARY = 4
        }

        /**
         * Properties of a Claim.
         * @deprecated Use weft.v1.Claim.$Properties instead.
         */
        interface IClaim extends weft.v1.Claim.$Properties {
        }

        /** Represents a Claim. */
        class Claim {

            /**
             * Constructs a new Claim.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Claim.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Claim kind. */
            kind: weft.v1.ClaimKind;

            /** Claim holder. */
            holder: string;

            /** Claim owner. */
            owner: string;

            /** Claim expiresAt. */
            expiresAt: number;

            /** Claim addresses. */
            addresses: Uint8Array[];

            /**
             * Encodes the specified Claim message. Does not implicitly {@link weft.v1.Claim.verify|verify} messages.
             * @param message Claim message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Claim.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Claim message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Claim & weft.v1.Claim.$Shape} Claim
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Claim & weft.v1.Claim.$Shape;
        }

        namespace Claim {

            /** Properties of a Claim. */
            interface $Properties {

                /** Claim kind */
                kind?: (weft.v1.ClaimKind|null);

                /** Claim holder */
                holder?: (string|null);

                /** Claim owner */
                owner?: (string|null);

                /** Claim expiresAt */
                expiresAt?: (number|null);

                /** Claim addresses */
                addresses?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Claim. */
            type $Shape = weft.v1.Claim.$Properties;
        }

        /** MatterKind enum. */
        enum MatterKind {

            /** MATTER_KIND_UNSPECIFIED value */
            MATTER_KIND_UNSPECIFIED = 0,

            /** MATTER_KIND_ENDPOINT value */
            MATTER_KIND_ENDPOINT = 1,

            /** MATTER_KIND_NO_ENDPOINT value */
            MATTER_KIND_NO_ENDPOINT = 2,

            /** MATTER_KIND_NETWORK value */
            MATTER_KIND_NETWORK = 3,

            /** MATTER_KIND_NO_NETWORK value */
            MATTER_KIND_NO_NETWORK = 4
        }

        /**
         * Properties of a Question.
         * @deprecated Use weft.v1.Question.$Properties instead.
         */
        interface IQuestion extends weft.v1.Question.$Properties {
        }

        /** Represents a Question. */
        class Question {

            /**
             * Constructs a new Question.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Question.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Question id. */
            id: string;

            /** Question network. */
            network: string;

            /** Question asker. */
            asker: string;

            /** Question matter. */
            matter: weft.v1.MatterKind;

            /** Question endpoint. */
            endpoint: string;

            /** Question revision. */
            revision: number;

            /** Question stateRevision. */
            stateRevision: number;

            /** Question asked. */
            asked: string[];

            /**
             * Encodes the specified Question message. Does not implicitly {@link weft.v1.Question.verify|verify} messages.
             * @param message Question message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Question.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Question message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Question & weft.v1.Question.$Shape} Question
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Question & weft.v1.Question.$Shape;
        }

        namespace Question {

            /** Properties of a Question. */
            interface $Properties {

                /** Question id */
                id?: (string|null);

                /** Question network */
                network?: (string|null);

                /** Question asker */
                asker?: (string|null);

                /** Question matter */
                matter?: (weft.v1.MatterKind|null);

                /** Question endpoint */
                endpoint?: (string|null);

                /** Question revision */
                revision?: (number|null);

                /** Question stateRevision */
                stateRevision?: (number|null);

                /** Question asked */
                asked?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Question. */
            type $Shape = weft.v1.Question.$Properties;
        }

        /**
         * Properties of an Answer.
         * @deprecated Use weft.v1.Answer.$Properties instead.
         */
        interface IAnswer extends weft.v1.Answer.$Properties {
        }

        /** Represents an Answer. */
        class Answer {

            /**
             * Constructs a new Answer.
             * @param [properties] Properties to set
             */
            constructor(properties?: weft.v1.Answer.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Answer id. */
            id: string;

            /** Answer network. */
            network: string;

            /** Answer node. */
            node: string;

            /** Answer revision. */
            revision: number;

            /** Answer refusal. */
            refusal: string;

            /**
             * Encodes the specified Answer message. Does not implicitly {@link weft.v1.Answer.verify|verify} messages.
             * @param message Answer message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: weft.v1.Answer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Answer message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {weft.v1.Answer & weft.v1.Answer.$Shape} Answer
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): weft.v1.Answer & weft.v1.Answer.$Shape;
        }

        namespace Answer {

            /** Properties of an Answer. */
            interface $Properties {

                /** Answer id */
                id?: (string|null);

                /** Answer network */
                network?: (string|null);

                /** Answer node */
                node?: (string|null);

                /** Answer revision */
                revision?: (number|null);

                /** Answer refusal */
                refusal?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Answer. */
            type $Shape = weft.v1.Answer.$Properties;
        }
    }
}
